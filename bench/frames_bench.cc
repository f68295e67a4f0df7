// What a frame costs the game that counts it, and what reading games costs the sampler.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "gamekeeper/frame_ticker.h"
#include "monitor/frame_reader.h"
#include "testing/manual_clock.h"

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

/// Ends the program unless every page was believed: refusing one costs less than reading it.
void check(const std::vector<gk::monitor::FrameReader::Rate>& rates, double lies) {
  for (const auto& rate : rates) {
    if (rate.fps && *rate.fps > 59.9 && *rate.fps < 60.1) continue;
    std::fprintf(stderr, "frames_bench: %s is not read as 60 frames a second: %f %s\n",
                 rate.subject.c_str(), rate.fps.value_or(0), rate.trouble.c_str());
    std::exit(1);
  }
  if (lies > 0) {
    std::fprintf(stderr, "frames_bench: %f readings were taken for lies\n", lies);
    std::exit(1);
  }
}

/// One round over `range(0)` games that draw 60 frames, of a sixtieth of a second each, between two
/// rounds.
void read_games(benchmark::State& state) {
  gk::ManualClock clock;
  gk::Metrics metrics;
  gk::monitor::FrameReader reader(clock, metrics);
  std::vector<gk::FrameTicker> games;
  for (int i = 0; i < state.range(0); ++i) {
    games.push_back(gk::FrameTicker::create("g" + std::to_string(i)).value());
    const auto added = reader.add("g" + std::to_string(i), games.back().fd_for_test());
    if (!added) state.SkipWithError(added.error().message.c_str());
  }
  const auto lies = metrics.counter("gamekeeper_frame_lies_total", "");
  const auto draw = [&] {
    for (int i = 0; i < 60; ++i) {
      clock.advance(gk::Nanos(16'666'667));
      for (auto& game : games) game.tick(clock.mono());
    }
  };
  draw();
  (void)reader.read(gk::Seconds(1));  // From the second reading on there is a rate.
  for (auto step : state) {
    state.PauseTiming();
    draw();
    state.ResumeTiming();
    const auto rates = reader.read(gk::Seconds(1));
    benchmark::DoNotOptimize(reader.take());
    state.PauseTiming();
    check(rates, lies.value());
    state.ResumeTiming();
  }
}
BENCHMARK(read_games)->Arg(1)->Arg(64);

}  // namespace

BENCHMARK_MAIN();
