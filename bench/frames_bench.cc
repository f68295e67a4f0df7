// What a frame costs the game that counts it, and what reading games costs the sampler.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "gamekeeper/frame_ticker.h"
#include "monitor/frame_reader.h"

namespace {

void tick(benchmark::State& state) {
  auto ticker = gk::FrameTicker::create("bench").value();
  for (auto step : state) ticker.tick();
}
BENCHMARK(tick);

void tick_with_the_time_given(benchmark::State& state) {
  auto ticker = gk::FrameTicker::create("bench").value();
  gk::MonoTime now{};
  for (auto step : state) ticker.tick(now += gk::Micros(16'667));
}
BENCHMARK(tick_with_the_time_given);

/// One round over `range(0)` games that draw 60 frames between two rounds.
void read_games(benchmark::State& state) {
  const gk::SystemClock clock;
  gk::Metrics metrics;
  gk::monitor::FrameReader reader(clock, metrics);
  std::vector<gk::FrameTicker> games;
  for (int i = 0; i < state.range(0); ++i) {
    games.push_back(gk::FrameTicker::create("g" + std::to_string(i)).value());
    const auto added = reader.add("g" + std::to_string(i), games.back().fd_for_test());
    if (!added) state.SkipWithError(added.error().message.c_str());
  }
  for (auto step : state) {
    state.PauseTiming();
    for (auto& game : games) {
      for (int i = 0; i < 60; ++i) game.tick();
    }
    state.ResumeTiming();
    benchmark::DoNotOptimize(reader.read(gk::Seconds(1)));
    benchmark::DoNotOptimize(reader.take());
  }
}
BENCHMARK(read_games)->Arg(1)->Arg(64);

}  // namespace

BENCHMARK_MAIN();
