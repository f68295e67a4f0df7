// What accounts cost: one request's credential, one password, the start.

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <mutex>

#include "accounts/migrations.h"
#include "accounts/password_hasher.h"
#include "accounts/rows.h"
#include "accounts/rules/api_token.h"
#include "accounts/rules/password_policy.h"
#include "accounts/service.h"
#include "accounts/token_rows.h"
#include "testing/capture_log.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::accounts {
namespace {

/// A room on a database with `sessions` live sessions of a hundred users.
class Room {
 public:
  explicit Room(std::int64_t sessions) {
    auto database = open();
    const store::RoomMigrations migrations[] = {accounts_migrations()};
    store::migrate(*database, migrations, clock_.wall()).value();
    fill(*database, sessions);
    reader_ = open();
    writer_ = std::make_unique<store::Writer>(
        std::move(database), store::WriterOptions{.name = "state"}, clock_, log_, metrics_);
    start();
  }
  void start() {
    service_ = AccountsService::create({.data_dir = dir_.path().string()},
                                       {.writer = *writer_,
                                        .post = [](auto) {},
                                        .clock = clock_,
                                        .random = random_,
                                        .log = log_,
                                        .metrics = metrics_},
                                       *reader_)
                   .value();
  }
  AccountsService& service() { return *service_; }
  const std::string& token() const { return token_; }
  const std::string& api_token() const { return api_token_; }

 private:
  std::unique_ptr<store::Database> open() {
    return store::Database::open(
               {.path = dir_ / "state.db", .durability = store::Durability::normal})
        .value();
  }
  void fill(store::Database& database, std::int64_t sessions) {
    database.execute("BEGIN").value();
    write_builtin_roles(database, builtin_role_scopes()).value();
    for (int i = 0; i < 100; ++i) {
      insert_user(database, {.id = "u" + std::to_string(i),
                             .username = "user" + std::to_string(i),
                             .role = "admin",
                             .password_hash = nobodys_hash({}),
                             .created_at = clock_.wall()})
          .value();
    }
    const WallTime now = clock_.wall();
    for (std::int64_t i = 0; i < sessions; ++i) {
      token_ = new_session_token(random_);
      insert_session(database, {.id = "s" + std::to_string(i),
                                .token = session_token_digest(token_),
                                .user_id = "u" + std::to_string(i % 100),
                                .address = "127.0.0.1",
                                .limit_key = "127.0.0.1",
                                .user_agent = "bench",
                                .times = {.created = clock_.mono(),
                                          .seen = clock_.mono(),
                                          .created_wall = now,
                                          .seen_wall = now}})
          .value();
    }
    api_token_ = new_api_token(random_);
    insert_api_token(database, {.id = "t",
                                .token = api_token_digest(api_token_),
                                .user_id = "u0",
                                .name = "bench",
                                .scopes = {"*"},
                                .created_at = now})
        .value();
    database.execute("COMMIT").value();
  }

  TempDir dir_;
  SystemClock clock_;
  SystemRandom random_;
  CaptureLog log_;
  Metrics metrics_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<store::Database> reader_;
  std::unique_ptr<AccountsService> service_;
  std::string token_, api_token_;
};

/// Who asks, by cookie, with range(0) live sessions.
void BM_AuthenticateByCookie(benchmark::State& state) {
  Room room(state.range(0));
  net::Request request;
  request.headers = {{"host", "localhost:5000"},
                     {"user-agent", "bench"},
                     {"accept", "*/*"},
                     {"cookie", "__Host-gamekeeper=" + room.token()}};
  for (auto _ : state) {
    auto principal = room.service().authenticate(request);
    if (!principal) state.SkipWithError("not admitted");
    benchmark::DoNotOptimize(principal);
  }
}
BENCHMARK(BM_AuthenticateByCookie)->Arg(1)->Arg(3'000);

void BM_RefuseUnknownCookie(benchmark::State& state) {
  Room room(1);
  net::Request request;
  request.headers = {{"host", "localhost:5000"},
                     {"cookie", "__Host-gamekeeper=" + std::string(64, '0')}};
  for (auto _ : state) benchmark::DoNotOptimize(room.service().authenticate(request));
}
BENCHMARK(BM_RefuseUnknownCookie);

/// Who asks, by API token.
void BM_AuthenticateByApiToken(benchmark::State& state) {
  Room room(1);
  net::Request request;
  request.headers = {{"host", "localhost:5000"}, {"authorization", "Bearer " + room.api_token()}};
  for (auto _ : state) {
    auto principal = room.service().authenticate(request);
    if (!principal) state.SkipWithError("not admitted");
    benchmark::DoNotOptimize(principal);
  }
}
BENCHMARK(BM_AuthenticateByApiToken);

/// An access token that was seen before: a digest and two lookups.
void BM_VerifyKnownAccessToken(benchmark::State& state) {
  SystemRandom random;
  Metrics metrics;
  AccessTokens tokens(new_secret_key(random), 16, CacheMeters(metrics, "tokens"));
  const WallTime now = SystemClock().wall();
  const std::string token = tokens.issue(
      {.user_id = std::string(36, 'u'), .scopes = {"*"}, .session_id = std::string(36, 's')},
      std::string(36, 't'), now);
  for (auto _ : state) {
    auto verified = tokens.verify(token, now);
    if (!verified) state.SkipWithError("refused");
    benchmark::DoNotOptimize(verified);
  }
}
BENCHMARK(BM_VerifyKnownAccessToken);

/// Its first use: an Ed25519 check and the claims.
void BM_VerifyNewAccessToken(benchmark::State& state) {
  SystemRandom random;
  const AccessTokenKey key(new_secret_key(random));
  const std::string token = key.sign({.subject = std::string(36, 'u'),
                                      .session_id = std::string(36, 's'),
                                      .token_id = std::string(36, 't'),
                                      .scopes = {"*"},
                                      .issued_at_s = 1,
                                      .expires_at_s = 1'000});
  for (auto _ : state) {
    auto claims = key.verify(token, 10);
    if (!claims) state.SkipWithError("refused");
    benchmark::DoNotOptimize(claims);
  }
}
BENCHMARK(BM_VerifyNewAccessToken);

void BM_SignAccessToken(benchmark::State& state) {
  SystemRandom random;
  const AccessTokenKey key(new_secret_key(random));
  const AccessClaims claims{.subject = std::string(36, 'u'),
                            .session_id = std::string(36, 's'),
                            .token_id = std::string(36, 't'),
                            .scopes = {"*"},
                            .issued_at_s = 1,
                            .expires_at_s = 1'000};
  for (auto _ : state) benchmark::DoNotOptimize(key.sign(claims));
}
BENCHMARK(BM_SignAccessToken);

/// What the room adds to the daemon's start, with range(0) sessions to read.
void BM_Start(benchmark::State& state) {
  Room room(state.range(0));
  for (auto _ : state) room.start();
}
BENCHMARK(BM_Start)->Arg(0)->Arg(100)->Arg(3'000)->Unit(benchmark::kMicrosecond);

void BM_Tick(benchmark::State& state) {
  Room room(state.range(0));
  for (auto _ : state) room.service().tick();
}
BENCHMARK(BM_Tick)->Arg(3'000)->Unit(benchmark::kMicrosecond);

/// One password verified by the worker, there and back.
void BM_VerifyPassword(benchmark::State& state) {
  Metrics metrics;
  WorkerPool pool({.threads = 1, .max_queue = 4, .name = "gk-password"});
  std::mutex mu;
  std::condition_variable ready;
  bool done = false;
  PasswordHasher hasher(
      pool, {},
      [&](const std::function<void()>& task) {
        task();
        const std::lock_guard lock(mu);
        done = true;
        ready.notify_one();
      },
      metrics);
  for (auto _ : state) {
    done = false;
    (void)hasher.verify("a password", std::nullopt, [](const PasswordVerdict&) {});
    std::unique_lock lock(mu);
    ready.wait(lock, [&] { return done; });
  }
}
BENCHMARK(BM_VerifyPassword)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_PasswordPolicy(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(password_fault("the duke owes me eleven turnips", "margarethe"));
  }
}
BENCHMARK(BM_PasswordPolicy);

}  // namespace
}  // namespace gk::accounts

BENCHMARK_MAIN();
