// service_fixture_test.h: the room with a real database, a router in front and a loop that a test
// turns.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>

#include "accounts/audit.h"
#include "accounts/migrations.h"
#include "accounts/routes.h"
#include "accounts/service.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::accounts {

inline constexpr const char* kGoodPassword = "seven lamps drift past";
inline constexpr const char* kOtherPassword = "eleven turnips are owed";

/// Stands in for the loop: tasks come from any thread, the test runs them on its own.
class TestLoop {
 public:
  void post(std::function<void()> task) {
    const std::lock_guard lock(mu_);
    tasks_.push_back(std::move(task));
    ready_.notify_one();
  }
  /// Runs tasks until `done()` holds; false when nothing came for 20 s.
  bool run_until(const std::function<bool()>& done) {
    while (!done()) {
      std::function<void()> task;
      {
        std::unique_lock lock(mu_);
        if (!ready_.wait_for(lock, std::chrono::seconds(20), [this] { return !tasks_.empty(); })) {
          return false;
        }
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
    return true;
  }

 private:
  std::mutex mu_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> tasks_;
};

struct Ask {
  net::Method method = net::Method::get;
  std::string path;
  std::string body;
  std::string cookie;  ///< Whole Cookie header; also sends the CSRF header.
  std::string address = "127.0.0.1";
  std::optional<unsigned> uid;  ///< Set: over the Unix socket.
  net::Headers headers;
  std::string query;
};

/// Cheap hashes, everything else as in the daemon.
class AccountsFixture : public testing::Test {
 protected:
  AccountsFixture() {
    options.data_dir = dir.path().string();
    options.own_uid = 4242;
    options.password_cost = {.passes = 1, .memory_bytes = 8192};
  }
  ~AccountsFixture() override { stop(); }

  std::string database_path() const { return dir / "state.db"; }
  std::unique_ptr<store::Database> open() const {
    // Without fsync: an answer still waits for the commit, and a test does not pull the plug.
    return store::Database::open({.path = database_path(), .durability = store::Durability::normal})
        .value();
  }
  /// Starts the room (again) on the database in `dir`.
  void start() {
    auto database = open();
    const store::RoomMigrations migrations[] = {accounts_migrations()};
    store::migrate(*database, migrations, clock.wall()).value();
    reader = open();
    writer = std::make_unique<store::Writer>(
        std::move(database), store::WriterOptions{.name = "state"}, real_clock, log, metrics);
    service = AccountsService::create(options,
                                      {.writer = *writer,
                                       .post = [this](auto task) { loop.post(std::move(task)); },
                                       .clock = clock,
                                       .random = random,
                                       .log = log,
                                       .metrics = metrics},
                                      *reader)
                  .value();
    router = std::make_unique<api::Router>(
        api::RouterOptions{.allowed_hosts = {"localhost"}, .allowed_origins = {}}, *service, log,
        metrics, clock, random);
    add_accounts_routes(*router, *service);
    ended_subscription = service->session_ended().subscribe(
        [this](const SessionEnded& event) { ended.push_back(event); });
    changed_subscription = service->holder_changed().subscribe(
        [this](const HolderChanged& event) { changed.push_back(event); });
  }
  void stop() {
    ended_subscription.reset();
    changed_subscription.reset();
    router.reset();
    service.reset();
    writer.reset();  // Commits what is queued.
    reader.reset();
  }
  /// Waits until everything submitted so far is committed and answered.
  void settle() {
    bool done = false;
    ASSERT_TRUE(writer->submit([](store::Database&) -> Result<void> { return {}; },
                               [&](const Result<void>&) { loop.post([&] { done = true; }); }));
    ASSERT_TRUE(loop.run_until([&] { return done; }));
  }

  void send(const Ask& ask, std::optional<net::Response>& response) {
    net::Request request{
        .method = ask.method,
        .path = ask.path,
        .query = ask.query,
        .headers = {{"host", "localhost"}, {"user-agent", "test"}},
        .body = ask.body,
        .peer = {.transport = ask.uid ? net::Transport::unix_socket : net::Transport::tcp,
                 .address = ask.uid ? "" : ask.address,
                 .port = 1,
                 .uid = ask.uid,
                 .pid = {}},
        .received = clock.mono()};
    if (!ask.body.empty()) request.headers.emplace_back("content-type", "application/json");
    if (!ask.cookie.empty()) {
      request.headers.emplace_back("cookie", ask.cookie);
      request.headers.emplace_back("x-gamekeeper-csrf", "1");
    }
    for (const auto& header : ask.headers) request.headers.push_back(header);
    router->dispatch(std::move(request), [&response](net::Response r) { response = std::move(r); });
  }
  net::Response ask(const Ask& ask) {
    std::optional<net::Response> response;
    send(ask, response);
    EXPECT_TRUE(loop.run_until([&] { return response.has_value(); }));
    return response.value_or(net::Response{.status = 0});
  }

  static std::string header(const net::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }
  /// "name=token" of the session cookie that `response` sets.
  static std::string cookie_of(const net::Response& response) {
    const std::string set = header(response, "Set-Cookie");
    return set.substr(0, set.find(';'));
  }
  static JsonValue json_of(const net::Response& response) {
    return parse_json(response.body).value();
  }
  static std::string setup_body(const std::string& code, const std::string& name = "ann",
                                const std::string& password = kGoodPassword) {
    return R"({"code":")" + code + R"(","username":")" + name + R"(","password":")" + password +
           R"("})";
  }
  static Ask login(const std::string& name, const std::string& password = kGoodPassword,
                   const std::string& address = "127.0.0.1") {
    return {.method = net::Method::post,
            .path = "/api/auth/login",
            .body = R"({"username":")" + name + R"(","password":")" + password + R"("})",
            .address = address};
  }
  static std::string text(const JsonValue& json, std::string_view key) {
    const JsonValue* value = json.find(key);
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  }
  static Ask post(std::string path, std::string body, std::string cookie = {}) {
    return {.method = net::Method::post,
            .path = std::move(path),
            .body = std::move(body),
            .cookie = std::move(cookie)};
  }
  /// `ask` with a bearer token in place of a cookie.
  static Ask as_bearer(Ask ask, const std::string& token) {
    ask.headers.emplace_back("authorization", "Bearer " + token);
    return ask;
  }
  int bearer_status(const std::string& token, const std::string& path = "/api/auth/verify") {
    return ask(as_bearer({.path = path}, token)).status;
  }
  static std::string type_of(const net::Response& response) {
    return text(json_of(response), "type");
  }
  /// Logs in for tokens; the answer as JSON.
  JsonValue token_login(const std::string& name, const std::string& password = kGoodPassword) {
    const auto answer = ask(post("/api/auth/login", R"({"token":true,"username":")" + name +
                                                        R"(","password":")" + password + R"("})"));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(header(answer, "Set-Cookie"), "");
    return json_of(answer);
  }
  net::Response refresh(const std::string& token) {
    return ask(post("/api/auth/refresh", R"({"refresh_token":")" + token + R"("})"));
  }
  /// Makes an API token of the caller's own; the answer as JSON.
  JsonValue make_token(const std::string& cookie, const std::string& scopes,
                       const std::string& more = "") {
    const auto answer = ask(post(
        "/api/auth/tokens", R"({"name":"script","scopes":[)" + scopes + "]" + more + "}", cookie));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return json_of(answer);
  }
  std::int64_t stored(const std::string& sql) const {
    auto* query = reader->query(sql).value();
    (void)query->step().value();
    const std::int64_t value = query->integer(0);
    query->reset();
    return value;
  }
  std::int64_t audited(const std::string& action) const {
    return stored("SELECT count(*) FROM audit WHERE action = '" + action + "'");
  }

  /// Starts, makes the admin "ann" and returns her cookie.
  std::string start_with_admin() {
    start();
    const auto answer = ask({.method = net::Method::post,
                             .path = "/api/setup",
                             .body = setup_body(service->take_setup_code())});
    EXPECT_EQ(answer.status, 201) << answer.body;
    return cookie_of(answer);
  }
  /// Makes a user as the local admin and returns its id.
  std::string make_user(const std::string& name, const std::string& role) {
    const auto answer = ask({.method = net::Method::post,
                             .path = "/api/users",
                             .body = R"({"username":")" + name + R"(","role":")" + role +
                                     R"(","password":")" + kGoodPassword + R"("})",
                             .uid = 0});
    EXPECT_EQ(answer.status, 201) << answer.body;
    return service->users().by_name(name)->id;
  }
  int profile_status(const std::string& cookie) {
    return ask({.path = "/api/auth/profile", .cookie = cookie}).status;
  }

  TempDir dir;
  ManualClock clock;
  SystemClock real_clock;  // The writer reads its clock on its own thread.
  SeededRandom random{42};
  CaptureLog log;
  Metrics metrics;
  TestLoop loop;
  AccountsOptions options;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<store::Database> reader;
  std::unique_ptr<AccountsService> service;
  std::unique_ptr<api::Router> router;
  Topic<SessionEnded>::Subscription ended_subscription;
  Topic<HolderChanged>::Subscription changed_subscription;
  std::vector<SessionEnded> ended;
  std::vector<HolderChanged> changed;
};

}  // namespace gk::accounts
