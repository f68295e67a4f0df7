// What the rules cost with 1, 20 and 100 macros, and (--sweep) how often they convict the innocent
// or miss the guilty for each threshold and margin of the culprit test.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>

#include "macros/rules/scenario_sim_test.h"

namespace {

using gk::monitor::Signal;
using namespace gk::macros;

void evaluate_macros(benchmark::State& state) {
  WatchSettings settings;
  settings.memory_total_bytes = 16e9;
  settings.cores = 2;
  MacroWatch watch(settings);
  gk::MonoTime now{std::chrono::hours(1)};
  gk::monitor::Snapshot snapshot;
  const int macros = static_cast<int>(state.range(0));
  for (int i = 0; i < macros; ++i) {
    MacroSafetyProfile p;
    p.macro_id = "macro-" + std::to_string(i);
    p.max_duration_s = 86'400;
    watch.add(p, now, nullptr);
  }
  for (auto _ : state) {
    state.PauseTiming();
    now += std::chrono::microseconds(1);
    const auto known = [&](double v) {
      return Signal::known(v, now, {}, std::chrono::milliseconds(100));
    };
    snapshot.cpu_usage = known(95);
    snapshot.fps = known(3);
    for (int i = 0; i < macros; ++i) {
      auto& p = snapshot.processes["macro:macro-" + std::to_string(i)];
      p.cpu_pct = p.demand_pct = known(5);
      p.rss_bytes = known(1e7);
    }
    state.ResumeTiming();
    benchmark::DoNotOptimize(watch.evaluate(&snapshot, now));
  }
}
BENCHMARK(evaluate_macros)->Arg(1)->Arg(20)->Arg(100)->Unit(benchmark::kMicrosecond);

void sweep() {
  std::printf("threshold margin | missed of 200: spin memory quiet | innocent hit of 200: any\n");
  for (const double threshold : {0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6}) {
    for (const double margin : {1.0, 1.5, 2.0, 4.0}) {
      WatchSettings settings;
      settings.culprit.threshold = threshold;
      settings.culprit.margin = margin;
      int hit = 0, missed[3] = {};
      const sim::Guilt guilts[] = {sim::Guilt::spin, sim::Guilt::memory, sim::Guilt::quiet_spin};
      for (int g = 0; g < 3; ++g) {
        const auto t =
            sim::run_many(200, 40'001 + 1'000 * static_cast<unsigned>(g), guilts[g], settings);
        missed[g] = 200 - t.guilty_cancelled;
        hit += t.scenarios_with_an_innocent_cancelled;
      }
      for (const sim::Guilt g : {sim::Guilt::none, sim::Guilt::starved}) {
        hit += sim::run_many(200, 50'001, g, settings).scenarios_with_an_innocent_cancelled;
      }
      std::printf("%9.2f %6.1f | %4d %6d %5d | %4d of 1000\n", threshold, margin, missed[0],
                  missed[1], missed[2], hit);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--sweep") == 0) {
    sweep();
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
