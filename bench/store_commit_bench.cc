// store_commit_bench: how many durable small writes a second the writer acknowledges, and how many
// disk syncs they cost. Closed loop: each of N callers sends one INSERT and waits for its
// acknowledgement before the next. "threads" are N blocking threads in run(); "async" are N logical
// callers that submit the next from `done`, without a thread each.
//
//   store_commit_bench [--dir D] [--callers N] [--linger US] [--runs N] [--seconds S]
//                      [--mode threads|async]
//
// Prints one JSON object a run and one with the medians. The directory must be on a real disk.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "store/testing/fault_vfs.h"
#include "store/writer.h"

namespace gk::store {
namespace {

struct Options {
  std::string dir = ".";
  int callers = 64;
  int linger_us = 0;
  int runs = 5;
  double seconds = 2;
  std::string mode = "threads";
};

struct Run {
  double seconds = 0;
  double cpu_seconds = 0;  ///< Of the whole process.
  std::uint64_t writes = 0;
  std::uint64_t commits = 0;
  std::uint64_t syncs = 0;
  std::vector<float> waits_us{};  ///< From the call to its acknowledgement.
  double wait_us(double fraction) const {
    return waits_us[static_cast<std::size_t>(fraction * static_cast<double>(waits_us.size() - 1))];
  }
  double rate() const { return static_cast<double>(writes) / seconds; }
  double writes_per_sync() const {
    return static_cast<double>(writes) / static_cast<double>(syncs);
  }
};

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::string_view message,
             std::initializer_list<LogField>) override {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
  }
  bool enabled(LogLevel level) const override { return level == LogLevel::error; }
};

Writer::Job job(int caller) {
  return [caller](Database& db) -> Result<void> {
    auto insert = db.query("INSERT INTO t(caller, note) VALUES($1, $2)");
    if (!insert) return insert.error();
    return (*insert)->bind(1, caller).bind(2, "player 17 moved to 4.5, 2.25").run();
  };
}

double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

float micros(Nanos time) { return std::chrono::duration<float, std::micro>(time).count(); }

/// `callers` threads that block until their write is on disk. Returns how long each write took.
std::vector<float> drive_threads(Writer& writer, const Clock& clock, int callers,
                                 const std::atomic<bool>& stop) {
  std::vector<std::vector<float>> waits(static_cast<std::size_t>(callers));
  std::vector<std::thread> threads;
  for (int c = 0; c < callers; ++c) {
    threads.emplace_back([&, c] {
      std::vector<float> mine;
      while (!stop.load(std::memory_order_relaxed)) {
        const MonoTime start = clock.mono();
        if (writer.run(job(c))) mine.push_back(micros(clock.mono() - start));
      }
      waits[static_cast<std::size_t>(c)] = std::move(mine);
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<float> all;
  for (const auto& mine : waits) all.insert(all.end(), mine.begin(), mine.end());
  return all;
}

/// `callers` chains, each submitting its next write when the last is acknowledged.
struct Chains {
  Writer& writer;
  const Clock& clock;
  const std::atomic<bool>& stop;
  std::vector<float> waits{};  // Confined to the writer thread.
  std::mutex mu{};
  std::condition_variable ended{};
  int running = 0;

  void next(int caller) {
    const MonoTime start = clock.mono();
    (void)writer.submit(job(caller), [this, caller, start](Result<void> result) {
      if (result) waits.push_back(micros(clock.mono() - start));
      if (!stop.load(std::memory_order_relaxed)) return next(caller);
      const std::lock_guard lock(mu);
      if (--running == 0) ended.notify_one();
    });
  }
};

std::vector<float> drive_chains(Writer& writer, const Clock& clock, int callers,
                                const std::atomic<bool>& stop) {
  Chains chains{.writer = writer, .clock = clock, .stop = stop, .running = callers};
  for (int c = 0; c < callers; ++c) chains.next(c);
  std::unique_lock lock(chains.mu);
  chains.ended.wait(lock, [&] { return chains.running == 0; });
  return std::move(chains.waits);
}

Run run_once(const Options& options, FaultVfs& vfs, int number) {
  const auto dir = std::filesystem::path(options.dir) / ("store-bench-" + std::to_string(number));
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  auto db = Database::open({.path = dir / "bench.db", .vfs = vfs.name()}).value();
  db->execute("CREATE TABLE t(id INTEGER PRIMARY KEY, caller INTEGER, note TEXT) STRICT").value();
  const SystemClock clock;
  NoLog log;
  Metrics metrics;
  Writer writer(std::move(db), {.name = "bench", .linger = Micros(options.linger_us)}, clock, log,
                metrics);
  std::atomic<bool> stop{false};
  std::mutex mu;
  std::condition_variable never;
  std::thread timer([&] {
    std::unique_lock lock(mu);
    never.wait_for(lock, std::chrono::duration<double>(options.seconds), [] { return false; });
    stop = true;
  });
  Run run;
  const std::uint64_t syncs = vfs.counts().syncs;
  const MonoTime start = clock.mono();
  const double cpu_before = cpu_seconds();
  run.waits_us = options.mode == "threads" ? drive_threads(writer, clock, options.callers, stop)
                                           : drive_chains(writer, clock, options.callers, stop);
  run.seconds = std::chrono::duration<double>(clock.mono() - start).count();
  run.cpu_seconds = cpu_seconds() - cpu_before;
  run.syncs = vfs.counts().syncs - syncs;
  run.writes = run.waits_us.size();
  std::sort(run.waits_us.begin(), run.waits_us.end());
  run.commits = writer.stats().commits;
  timer.join();
  std::filesystem::remove_all(dir);
  return run;
}

void print(const Options& options, const char* what, const Run& run) {
  std::printf(
      "{\"%s\":\"%s\",\"writers\":%d,\"linger_us\":%d,\"seconds\":%.2f,\"writes\":%llu,"
      "\"writes_per_s\":%.0f,\"commits\":%llu,\"syncs\":%llu,\"writes_per_sync\":%.1f,\"wait_p50_"
      "us\":%.0f,\"wait_p99_us\":%.0f,\"cpu_us_per_write\":%.4f}\n",
      what, options.mode.c_str(), options.callers, options.linger_us, run.seconds,
      static_cast<unsigned long long>(run.writes), run.rate(),
      static_cast<unsigned long long>(run.commits), static_cast<unsigned long long>(run.syncs),
      run.writes_per_sync(), run.wait_us(0.5), run.wait_us(0.99),
      run.cpu_seconds * 1e6 / static_cast<double>(run.writes));
}

}  // namespace
}  // namespace gk::store

int main(int argc, char** argv) {
  gk::store::Options options;
  CLI::App app("Durable writes a second through the group-commit writer");
  app.add_option("--dir", options.dir, "On a real disk");
  app.add_option("--callers", options.callers);
  app.add_option("--linger", options.linger_us, "Microseconds");
  app.add_option("--runs", options.runs);
  app.add_option("--seconds", options.seconds);
  app.add_option("--mode", options.mode)->check(CLI::IsMember({"threads", "async"}));
  CLI11_PARSE(app, argc, argv);
  gk::store::FaultVfs vfs("counting");
  std::vector<gk::store::Run> runs;
  for (int i = 0; i < options.runs; ++i) {
    runs.push_back(run_once(options, vfs, i));
    print(options, "run", runs.back());
  }
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a.rate() < b.rate(); });
  print(options, "median", runs[runs.size() / 2]);
  return 0;
}
