// operations_bench.cc: what operations and task graphs cost (docs/performance-arbiter.md). Run by
// hand: prints one line each. An argument names the folder of the database; default: a temporary
// one.

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "arbiter/operations/operation_service.h"
#include "arbiter/operations/task_service.h"
#include "base/json_writer.h"
#include "sys/files.h"
#include "testing/capture_log.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;

/// CPU time of this thread: for work in one thread, on a machine that others use too.
double cpu_ns() {
  timespec ts{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return static_cast<double>(ts.tv_sec) * 1e9 + static_cast<double>(ts.tv_nsec);
}

double at(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

void print(const char* what, double value, const char* unit, std::size_t n) {
  std::printf("%-64s %10.2f %-9s n=%zu\n", what, value, unit, n);
}

void tables() {
  constexpr int kRounds = 200'000;
  SeededRandom random(1);
  std::vector<std::string> names;
  for (int i = 0; i < 64; ++i) names.push_back("file:config/" + std::to_string(i));
  LockTable locks;
  double begin = cpu_ns();
  for (std::uint64_t i = 1; i <= kRounds; ++i) {
    (void)locks.acquire(LockOwner(i), {names[random.below(64)], names[random.below(64)],
                                       names[random.below(64)], names[random.below(64)]});
    if (i > 8) (void)locks.release(LockOwner(i - 8));
  }
  print("lock table: take and give back 4 of 64 resources, 8 owners, CPU",
        (cpu_ns() - begin) / kRounds, "ns", kRounds);
  ConflictTable table;
  (void)table.add_rule("a", "b", ConflictStrategy::queue);
  begin = cpu_ns();
  for (int i = 0; i < kRounds; ++i) {
    const auto one = table.submit({"game", "a", "", 50, false}).value();
    const auto other = table.submit({"game", "b", "", 50, false}).value();
    (void)table.finish(one, {});
    (void)table.finish(other, {});
    (void)table.take_events();
  }
  print("conflict table: two operations, the second waits, CPU", (cpu_ns() - begin) / kRounds, "ns",
        kRounds);
}

struct Fixture {
  explicit Fixture(const std::string& root) {
    (void)sys::make_private_dir(root + "/config");
    auto db = store::Database::open({.path = root + "/bench.db"}).value();
    const std::array rooms = {operations_migrations()};
    (void)store::migrate(*db, rooms, WallTime{});
    writer = std::make_unique<store::Writer>(std::move(db), store::WriterOptions{.name = "state"},
                                             clock, log, metrics);
    store = std::make_unique<OperationStore>(*writer, loop);
    operations =
        OperationService::create({}, builtin_steps(root + "/config", *writer, clock).value(),
                                 *writer, *store, loop, clock, log, metrics)
            .value();
  }
  net::Loop loop;
  SystemClock clock;
  SeededRandom random{1};
  CaptureLog log;
  Metrics metrics;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<OperationStore> store;
  std::unique_ptr<OperationService> operations;
};

void transactions(Fixture& f) {
  for (const int steps : {1, 4, 16}) {
    std::vector<double> took;
    const std::uint64_t commits = f.writer->stats().commits;
    for (int round = 0; round < 100; ++round) {
      JsonValue::Object values;
      for (int i = 0; i < steps; ++i) {
        values.emplace_back("key" + std::to_string(i), JsonValue(std::int64_t{round}));
      }
      OperationRequest request;
      request.kind = "settings.set";
      request.resource = "bench";
      request.input = JsonValue::Object{{"values", JsonValue(std::move(values))}};
      bool done = false;
      const MonoTime begin = f.clock.mono();
      (void)f.operations->run(std::move(request), [&](const auto& end) { done = end.ok(); });
      (void)f.loop.run_until([&] { return done; }, 10s);
      took.push_back(std::chrono::duration<double, std::milli>(f.clock.mono() - begin).count());
    }
    const double each = static_cast<double>(f.writer->stats().commits - commits) / 100;
    const std::string what = "operation of " + std::to_string(steps) + " settings, durable, ";
    print((what + "p50").c_str(), at(took, 0.5), "ms", took.size());
    print((what + "p99").c_str(), at(took, 0.99), "ms", took.size());
    print((what + "commits").c_str(), each, "", took.size());
  }
}

void graphs(Fixture& f) {
  TaskService tasks({}, *f.operations, *f.store, f.loop, f.clock, f.random, f.log, f.metrics,
                    [] { return std::optional<double>(0); });
  std::string body = "{\"tasks\":[";
  for (int i = 0; i < 1000; ++i) {
    body += (i > 0 ? "," : "") + std::string(R"({"id":"t)") + std::to_string(i) + "\"" +
            (i > 0 ? R"(,"depends_on":["t)" + std::to_string(i / 2) + "\"]" : "") +
            R"(,"action":{"type":"sleep","seconds":0}})";
  }
  const JsonValue graph = parse_json(body + "]}").value();
  std::vector<double> took;
  for (int round = 0; round < 10; ++round) {
    Complaints complaints;
    std::string id;
    const MonoTime begin = f.clock.mono();
    tasks.submit(graph, "bench", true, complaints, [&](const Result<std::string>& taken) {
      id = parse_json(*taken, kRecordLimits)->find("id")->as_string();
    });
    (void)f.loop.run_until([&] { return !id.empty() && tasks.active_graphs() == 0; }, 30s);
    took.push_back(std::chrono::duration<double>(f.clock.mono() - begin).count());
  }
  print("graph of 1000 empty tasks through the service, 2 workers, p50", at(took, 0.5) * 1e3, "ms",
        took.size());
}

}  // namespace
}  // namespace gk::arbiter

int main(int argc, char** argv) {
  const gk::TempDir temporary;
  gk::arbiter::tables();
  gk::arbiter::Fixture fixture(argc > 1 ? argv[1] : temporary.path().string());
  gk::arbiter::transactions(fixture);
  gk::arbiter::graphs(fixture);
}
