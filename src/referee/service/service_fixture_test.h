// service_fixture_test.h: the service over a real state.db, with the judge on the test's thread.

#pragma once

#include "api/router.h"
#include "referee/service/inline_desk_for_test.h"
#include "referee/service/judge_fixture_test.h"
#include "referee/service/routes.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::referee {

class FakeGate final : public api::Gate {
 public:
  Result<std::shared_ptr<const api::Principal>> authenticate(const net::Request& r) override {
    auto principal = std::make_shared<api::Principal>();
    principal->name = *r.header("x-test-user");
    principal->kind = api::CredentialKind::token;
    if (principal->name == "admin") principal->scopes = {"*"};
    if (principal->name == "server") principal->scopes = {"anticheat:read", "anticheat:write"};
    if (principal->name == "viewer") principal->scopes = {"anticheat:read"};
    return std::shared_ptr<const api::Principal>(principal);
  }
  bool is_set_up() const override { return true; }
};

/// One daemon's worth of referee. A second one on the same folder is a restart.
struct Running {
  explicit Running(const TempDir& dir, net::Loop& loop_, ManualClock& clock_)
      : loop(loop_), clock(clock_) {
    auto database = store::Database::open({.path = dir / "state.db"}).value();
    const std::array rooms = {referee_migrations()};
    EXPECT_TRUE(store::migrate(*database, rooms, clock.wall()).ok());
    writer = std::make_unique<store::Writer>(
        std::move(database), store::WriterOptions{.name = "state"}, clock, log, metrics);
    store = std::make_unique<RefereeStore>(*writer, loop, clock, metrics);
    service = std::make_unique<RefereeService>(ServiceContext{.loop = loop,
                                                              .clock = clock,
                                                              .random = random,
                                                              .log = log,
                                                              .metrics = metrics,
                                                              .store = *store,
                                                              .data_dir = dir.path().string()},
                                               desk);
    Bench bench{judge, ingest};
    EXPECT_TRUE(service->restore(store->load().value(), bench).ok());
    add_referee_routes(router, *service, pool,
                       [this](std::function<void()> task) { loop.post(std::move(task)); });
  }

  net::Response call(net::Method method, const std::string& path, const std::string& body = "",
                     const std::string& user = "admin", net::Headers headers = {}) {
    net::Request request;
    request.method = method;
    const std::size_t mark = path.find('?');
    request.path = "/api/movement" + path.substr(0, mark);
    if (mark != std::string::npos) request.query = path.substr(mark + 1);
    request.headers = std::move(headers);
    request.headers.emplace_back("host", "localhost");
    request.headers.emplace_back("x-test-user", user);
    if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
    request.body = body;
    std::optional<net::Response> answer;
    router.dispatch(std::move(request), [&](net::Response r) { answer = std::move(r); });
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, Seconds(10))) << path;
    return answer.value_or(net::Response{});
  }
  net::Response get(const std::string& path, const std::string& user = "viewer") {
    return call(net::Method::get, path, "", user);
  }
  net::Response post(const std::string& path, const std::string& body = "{}",
                     const std::string& user = "server") {
    return call(net::Method::post, path, body, user);
  }
  /// Lets the loop hear what the judge has to say.
  void hear() { service->take(judge.take_digest()); }

  net::Loop& loop;
  ManualClock& clock;
  SeededRandom random{3};
  CaptureLog log;
  Metrics metrics;
  WorkerPool pool{{}};
  Judge judge{{.max_players = 16}, metrics};
  Ingest ingest{judge, random, metrics, {}};
  InlineDesk desk{judge, ingest};
  FakeGate gate;
  api::Router router{
      {.allowed_hosts = {"localhost"}, .allowed_origins = {}}, gate, log, metrics, clock, random};
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<RefereeStore> store;
  std::unique_ptr<RefereeService> service;
};

}  // namespace gk::referee
