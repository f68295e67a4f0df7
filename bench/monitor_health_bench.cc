// monitor_health_bench: what the handlers of the hot routes cost, router included and network
// excluded. Prints one JSON object.

#include <cstdio>
#include <ctime>
#include <string>

#include "monitor/routes.h"
#include "testing/capture_log.h"
#include "testing/seeded_random.h"

namespace {

using namespace gk;

class OneReader final : public api::Gate {
 public:
  Result<std::shared_ptr<const api::Principal>> authenticate(const net::Request&) override {
    return principal_;
  }
  bool is_set_up() const override { return true; }

 private:
  std::shared_ptr<const api::Principal> principal_ = [] {
    api::Principal p;
    p.kind = api::CredentialKind::token;
    p.scopes = {"*"};
    return std::make_shared<const api::Principal>(p);
  }();
};

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::string_view,
             std::initializer_list<LogField>) override {}
  bool enabled(LogLevel) const override { return false; }
};

double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

}  // namespace

int main() {
  constexpr int kRequests = 200'000;
  const SystemClock clock;
  NoLog log;
  Metrics metrics;
  SeededRandom random(1);
  OneReader gate;
  monitor::Monitor monitor({}, [](auto) {}, clock, log, metrics, nullptr);
  WorkerPool pool{{}};
  monitor::HealthOptions options{.version = "bench", .max_age = std::chrono::hours(1)};
  // Tasks run at once: the checks are not what is measured here.
  monitor::Health health(
      options, pool, [](auto task) { task(); }, [](Nanos) {}, clock, log, metrics);
  api::Router router({.allowed_hosts = {"localhost"}, .allowed_origins = {}}, gate, log, metrics,
                     clock, random);
  monitor::add_monitor_routes(router, monitor, health, metrics, clock, {});
  for (int i = 0; i < 100; ++i) monitor.sample_for_test();

  std::printf("{\"bench\":\"monitor_routes\",\"requests\":%d", kRequests);
  for (const std::string path : {"/api/health", "/api/macro-safety/performance"}) {
    std::size_t bytes = 0;
    const double start = cpu_seconds();
    for (int i = 0; i < kRequests; ++i) {
      net::Request request;
      request.path = path;
      request.headers = {{"host", "localhost:5000"}, {"authorization", "Bearer x"}};
      router.dispatch(std::move(request), [&](net::Response r) { bytes += r.body.size(); });
    }
    const double us = (cpu_seconds() - start) * 1e6 / kRequests;
    std::printf(",\"%s\":{\"us_per_request\":%.2f,\"body_bytes\":%zu}", path.c_str(), us,
                bytes / kRequests);
  }
  std::printf("}\n");
  return 0;
}
