// What trends cost: counting a snapshot of 256 macros that run, and a report of 30 days of 200
// macros that ran in every quarter of them, from a real database: how long it takes, and the
// longest time that it held the loop. Prints one JSON object.
//
//   macros_trends_bench [--reports 20] [--days 30] [--macros 200]
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "macros/fakes_for_test.h"
#include "macros/time_zone.h"
#include "macros/trend_reports.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace {

using namespace gk;
using namespace gk::macros;

double ms(Nanos time) { return std::chrono::duration<double, std::milli>(time).count(); }

Nanos cpu_of_thread() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return Seconds(t.tv_sec) + Nanos(t.tv_nsec);
}

double percentile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1,
                         static_cast<std::size_t>(p * static_cast<double>(values.size())))];
}

struct World {
  explicit World(std::size_t days) {
    clock.jump_wall(std::chrono::hours(24) * static_cast<int>(days + 5));
    auto database = store::Database::open({.path = path()}).value();
    const std::array rooms{tallies_migrations()};
    if (!store::migrate(*database, rooms, clock.wall())) std::abort();
    writer = std::make_unique<store::Writer>(
        std::move(database), store::WriterOptions{.name = "telemetry"}, clock, log, metrics);
    disk = std::make_unique<SqlTallyStore>(*writer, path(), pool, loop, clock,
                                           TallyLimits{.max_rows = 10'000'000});
    service = std::make_unique<MacroService>(MacroServiceOptions{}, loop, clock, random, log,
                                             metrics, pool, observer, store, profiles);
    tallies = std::make_unique<MacroTallies>(
        TalliesOptions{.flush_every = Seconds(3'600), .memory_total_bytes = 16e9}, loop, clock, log,
        metrics, *service, monitor, *disk);
    reports = std::make_unique<TrendReports>(
        loop, pool, clock,
        TrendSources{monitor, *tallies, *disk, [] { return std::vector<std::string>{"world"}; },
                     load_zone, [] { return std::string("UTC"); }});
  }
  std::string path() const { return dir / "telemetry.db"; }

  TempDir dir;
  net::Loop loop;
  ManualClock clock;
  SeededRandom random{1};
  CaptureLog log;
  Metrics metrics;
  WorkerPool pool{{.threads = 2}};
  FakeObserver observer{clock};  // Of the service, and the next of the tallies alone.
  FakeObserver monitor{clock};
  FakeStore store{loop};
  ProfileBook profiles{dir / "config", store, log};
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<SqlTallyStore> disk;
  std::unique_ptr<MacroService> service;
  std::unique_ptr<MacroTallies> tallies;
  std::unique_ptr<TrendReports> reports;
};

// As many rows as there can be of so many macros and days.
std::size_t fill(World& world, std::size_t days, std::size_t macros) {
  const Quarter now = quarter_of(world.clock.wall());
  std::size_t rows = 0;
  for (Quarter quarter = now - static_cast<Quarter>(days) * 96; quarter < now; ++quarter) {
    PendingTallies::Entries entries;
    for (std::size_t i = 0; i < macros; ++i) {
      PendingTallies::Entry& entry = entries[{quarter, "macro-" + std::to_string(i), "world"}];
      entry.macro_name = "Macro " + std::to_string(i);
      entry.tally.runs = 1;
      entry.tally.run_time = Seconds(900);
      entry.tally.commands = 17;
      entry.tally.demand_known = Seconds(900);
      entry.tally.demand_pct_s = 900 * 12.5;
      entry.tally.demand_peak_pct = 30;
      entry.tally.memory_peak_pct = 1.5;
      if ((static_cast<std::size_t>(quarter) + i) % 50 == 0) entry.tally.cancellations["fps"] = 1;
      ++rows;
    }
    bool done = false;
    world.disk->add(std::make_shared<const PendingTallies::Entries>(std::move(entries)),
                    [&](const Result<void>&) { done = true; });
    world.loop.run_until([&] { return done; }, Seconds(60));
  }
  // Six signals of the machine and four of a game: a month of aggregates, and the ring of samples.
  const WallTime end = world.clock.wall();
  for (const char* subject : {"", "game:world"}) {
    for (const char* name :
         {"cpu_usage", "memory_usage", "fps", "tick_ratio", "latency", "response_time"}) {
      RecordedSeries series{name, subject, {}, {}};
      for (int hour = static_cast<int>(days) * 24; hour > 3; --hour) {
        monitor::Aggregate a;
        a.from = end - std::chrono::hours(hour);
        a.to = a.from + Seconds(3'599);
        a.count = 3'600;
        a.min = 1;
        a.avg = 10;
        a.max = 20;
        series.aggregates.push_back(a);
      }
      for (int s = 10'000; s > 0; --s) series.raw.push_back({end - Seconds(s), 10});
      world.monitor.recorded.push_back(std::move(series));
    }
  }
  return rows;
}

void measure_reports(World& world, int reports, std::size_t days) {
  const SystemClock clock;
  std::vector<double> took, held_cpu, held_wall;
  std::size_t bytes = 0;
  for (int i = 0; i < reports; ++i) {
    double most_cpu = 0, most_wall = 0;
    Nanos cpu = cpu_of_thread();
    MonoTime last = clock.mono();
    // Every millisecond; what the loop did in between is the CPU time of its thread.
    const auto tick = world.loop.every(Millis(1), [&] {
      most_cpu = std::max(most_cpu, ms(cpu_of_thread() - cpu));
      most_wall = std::max(most_wall, ms(clock.mono() - last));
      cpu = cpu_of_thread();
      last = clock.mono();
    });
    bool done = false;
    const MonoTime begun = clock.mono();
    world.reports->run({.days = days, .time_zone = "Europe/Berlin", .macro_id = {}, .game = {}},
                       [&](const Result<std::string>& report) {
                         if (!report) std::abort();
                         bytes = report->size();
                         done = true;
                       });
    world.loop.run_until([&] { return done; }, Seconds(60));
    most_cpu = std::max(most_cpu, ms(cpu_of_thread() - cpu));
    took.push_back(ms(clock.mono() - begun));
    held_cpu.push_back(most_cpu);
    held_wall.push_back(most_wall);
  }
  std::printf(
      " \"report_bytes\": %zu, \"report_ms\": {\"p50\": %.0f, \"max\": %.0f},\n"
      " \"loop_held_cpu_ms\": {\"p50\": %.2f, \"max\": %.2f}, \"loop_gap_ms\": {\"p50\": %.2f, "
      "\"max\": %.2f}}\n",
      bytes, percentile(took, 0.5), percentile(took, 1), percentile(held_cpu, 0.5),
      percentile(held_cpu, 1), percentile(held_wall, 0.5), percentile(held_wall, 1));
}

void measure_snapshots(World& world) {
  const SystemClock clock;
  for (int i = 0; i < 256; ++i) {
    StartRequest request;
    request.macro_id = "live-" + std::to_string(i);
    world.service->start(request, [](const Result<std::string>&) {});
    monitor::ProcessSample& process = world.monitor.next.processes["macro:" + request.macro_id];
    process.demand_pct = world.monitor.known(10);
    process.rss_bytes = world.monitor.known(1e8);
  }
  std::vector<double> us;
  for (int i = 0; i < 2'000; ++i) {
    world.clock.advance(Millis(100));
    for (auto& [subject, process] : world.monitor.next.processes) {
      process.demand_pct = world.monitor.known(10);
      process.rss_bytes = world.monitor.known(1e8);
    }
    const MonoTime begun = clock.mono();
    world.monitor.publish();
    us.push_back(ms(clock.mono() - begun) * 1'000);
  }
  std::printf(" \"snapshot_of_256_macros_us\": {\"p50\": %.1f, \"p99\": %.1f},\n",
              percentile(us, 0.5), percentile(us, 0.99));
}

}  // namespace

int main(int argc, char** argv) {
  int reports = 20, days = 30, macros = 200;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--reports") == 0) reports = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--days") == 0) days = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--macros") == 0) macros = std::atoi(argv[i + 1]);
  }
  World world(static_cast<std::size_t>(days));
  const std::size_t rows =
      fill(world, static_cast<std::size_t>(days), static_cast<std::size_t>(macros));
  std::printf("{\"rows\": %zu, \"reports\": %d,\n", rows, reports);
  measure_snapshots(world);
  measure_reports(world, reports, static_cast<std::size_t>(days));
}
