// What lists of steps cost the loop: one move, reading a program, a condition, a tamed text; and
// how long the search for the next start of a schedule takes.
#include <benchmark/benchmark.h>

#include <optional>
#include <string>

#include "base/json.h"
#include "macros/rules/schedule.h"
#include "macros/scripts/rules/step_run.h"

namespace {

using namespace gk::macros;

const std::string kProgram = R"({"name":"x","variables":{"who":"Bob"},"actions":[
  {"type":"loop","parameters":{"count":100000,"as":"n","actions":[
    {"type":"if","condition":"tick_ratio < 0.8 and n > 3","parameters":{"then":[],"else":[
      {"type":"command","command":"tell ${who} round ${n}"}]}}]}}]})";

void read_program(benchmark::State& state) {
  for (auto _ : state) {
    Complaints complaints;
    benchmark::DoNotOptimize(read_steps(kProgram, complaints));
  }
}
BENCHMARK(read_program)->Unit(benchmark::kMicrosecond);

void one_round_with_branch_and_send(benchmark::State& state) {
  Complaints complaints;
  const auto program = read_steps(kProgram, complaints);
  const auto signals = [](std::string_view) { return std::optional(1.0); };
  std::optional<StepRun> run(std::in_place, *program, program->variables);
  const gk::MonoTime now{std::chrono::hours(1)};
  const gk::Result<std::string> reply = std::string("ok");
  for (auto _ : state) {
    const Move move = run->next(now, signals);
    if (move.kind == Move::Kind::send) {
      run->replied(reply);
    } else {
      run.emplace(*program, program->variables);
    }
  }
}
BENCHMARK(one_round_with_branch_and_send);

void next_start(benchmark::State& state, const char* cron) {
  Schedule schedule;
  schedule.cron = Cron::parse(cron).value();
  // Two changes a year, as in Europe.
  Zone zone{"bench", {}};
  for (int year = 0; year < 60; ++year) {
    const gk::WallTime start{gk::Seconds(1'577'836'800 + 31'557'600LL * year)};
    zone.changes.push_back({start + std::chrono::hours(24 * 88), gk::Seconds(7200)});
    zone.changes.push_back({start + std::chrono::hours(24 * 298), gk::Seconds(3600)});
  }
  const gk::WallTime after{gk::Seconds(1'780'000'000)};
  for (auto _ : state) benchmark::DoNotOptimize(next_time(schedule, zone, after));
}
BENCHMARK_CAPTURE(next_start, daily, "30 2 * * *")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(next_start, every_minute, "* * * * *")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(next_start, february_29, "0 0 29 2 *")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(next_start, never, "0 0 30 2 *")->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
