#include "macros/rules/simulation.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "testing/seeded_random.h"

namespace gk::macros {
namespace {

using monitor::Signal;
using namespace std::chrono_literals;
using Action = Decision::Action;

const WallTime w0 = parse_rfc3339("2026-03-29T00:55:00Z").value();

// A machine that is watched live while its history is written down.
class Recorder {
 public:
  explicit Recorder(MacroSafetyProfile profile) {
    input.profile = std::move(profile);
    input.watch.cores = 2;
    input.watch.memory_total_bytes = 1e9;
    input.from = w0;
  }
  void known(Signal& signal, const char* name, const std::string& subject, double value,
             Nanos period = 100ms) {
    signal = Signal::known(value, mono(), now, period);
    RecordedSeries& series = series_[{name, subject}];
    series.signal = name;
    series.subject = subject;
    series.raw.push_back({now, value});
  }
  MonoTime mono() const { return MonoTime(1h) + (now - w0); }
  const SimulationInput& finish() {
    input.to = now;
    input.series.clear();
    for (const auto& [key, series] : series_) input.series.push_back(series);
    return input;
  }
  SimulationInput input;
  WallTime now = w0;

 private:
  std::map<std::pair<std::string, std::string>, RecordedSeries> series_;
};

std::string text(WallTime at, const Decision& d) {
  return rfc3339(at) + " " + std::to_string(static_cast<int>(d.action)) + " " + d.reason + " " +
         d.rule.window;
}

// Some minutes of a macro that misbehaves at random, in runs that a cancellation ends.
class LiveRun : public Recorder {
 public:
  LiveRun(MacroSafetyProfile profile, std::uint64_t seed)
      : Recorder(std::move(profile)), random_(seed), watch_(input.watch) {}
  void go(int ticks) {
    for (int i = 0; i < ticks; ++i) {
      if (i > 0) now += 100ms;
      step(i);
    }
  }
  std::vector<std::string> seen;

 private:
  void step(int i) {
    if (random_.below(40) == 0) load_ = static_cast<double>(random_.below(120));
    if (random_.below(60) == 0) fps_ = static_cast<double>(random_.below(40));
    snapshot_.fps = Signal::unknown("none");
    snapshot_.cpu_usage = Signal::unknown("none");
    if (random_.below(20) > 0) known(snapshot_.fps, "fps", "", fps_);
    if (random_.below(50) > 0) known(snapshot_.cpu_usage, "cpu_usage", "", 20);
    if (i % 10 == 0) known(snapshot_.latency, "latency", "", 100 + 10 * load_, 1s);
    if (!runs_ && i >= next_run_) begin();
    if (runs_) {
      auto& process = snapshot_.processes["macro:m"];
      known(process.demand_pct, "process_demand_pct", "macro:m", load_);
      known(process.cpu_pct, "process_cpu_pct", "macro:m", load_);
      if (!added_) {
        watch_.add(input.profile, mono(), &snapshot_, input.means);
        added_ = true;
      }
    }
    for (const Decision& d : watch_.evaluate(&snapshot_, mono())) {
      seen.push_back(text(now, d));
      if (d.action != Action::cancel) continue;
      watch_.remove("m", mono());
      runs_ = added_ = false;
      snapshot_.processes.clear();
      next_run_ = i + 400;
    }
  }
  void begin() { runs_ = true; }

  SeededRandom random_;
  MacroWatch watch_;
  monitor::Snapshot snapshot_;
  double load_ = 10, fps_ = 60;
  bool runs_ = false, added_ = false;
  int next_run_ = 0;
};

MacroSafetyProfile profile_of(SafetyLevel level) {
  MacroSafetyProfile p;
  p.macro_id = "m";
  p.safety_level = level;
  p.max_duration_s = 60;
  return p;
}

std::vector<std::string> simulated(const SimulationInput& input, SimulationLimits limits = {}) {
  std::vector<std::string> out;
  for (const auto& d : simulate(input, limits).decisions) out.push_back(text(d.at, d.decision));
  return out;
}

class SimulateAsLive : public testing::TestWithParam<int> {};

TEST_P(SimulateAsLive, DecidesWhatTheWatchDecided) {
  LiveRun live(profile_of(static_cast<SafetyLevel>(GetParam() % 3)),
               static_cast<std::uint64_t>(GetParam()));
  live.input.means = {"", true, true};
  live.go(3'000);
  ASSERT_GE(live.seen.size(), 3U);
  EXPECT_EQ(simulated(live.finish()), live.seen);
}
INSTANTIATE_TEST_SUITE_P(Seeds, SimulateAsLive, testing::Range(0, 30));

TEST(Simulate, TheComparisonSeesASimulationThatKeepsMissingSamples) {
  std::size_t different = 0;
  for (int seed = 0; seed < 30; ++seed) {
    LiveRun live(profile_of(static_cast<SafetyLevel>(seed % 3)), static_cast<std::uint64_t>(seed));
    live.input.means = {"", true, true};
    live.go(3'000);
    different += simulated(live.finish(), {.mutant_holds = true}) != live.seen ? 1 : 0;
  }
  EXPECT_GT(different, 5U);
}

// `seconds` of demand of the macro, once a second.
void demand(Recorder& history, double value, int seconds) {
  monitor::ProcessSample process;
  for (int i = 0; i < seconds; ++i, history.now += 1s) {
    history.known(process.demand_pct, "process_demand_pct", "macro:m", value, 1s);
    history.known(process.cpu_pct, "process_cpu_pct", "macro:m", value, 1s);
  }
}

TEST(Simulate, AnotherProfileDecidesOtherwise) {
  Recorder history(profile_of(SafetyLevel::dangerous));
  demand(history, 50, 20);
  EXPECT_TRUE(simulated(history.finish()).empty());
  history.input.profile.thresholds.cpu_usage_max = 40;
  const auto result = simulate(history.finish());
  ASSERT_EQ(result.decisions.size(), 1U);
  EXPECT_EQ(result.decisions[0].at, w0 + 1s);
  EXPECT_EQ(result.decisions[0].decision.action, Action::cancel);
  EXPECT_EQ(result.runs, 1U);
  EXPECT_TRUE(result.runs_recorded);
}

TEST(Simulate, AWindowHoldsWhileItIsOpen) {
  Recorder history(profile_of(SafetyLevel::dangerous));
  history.input.profile.max_duration_s = 3600;
  ProfileWindow window;
  window.name = "night";
  window.cron = Cron::parse("0 1 * * *").value();
  window.duration = 60s;
  window.cpu_usage_max = 40;
  history.input.profile.windows = {window};
  history.input.zones = {Zone{}};
  demand(history, 50, 600);
  const auto result = simulate(history.finish());
  ASSERT_EQ(result.decisions.size(), 1U);
  EXPECT_EQ(result.decisions[0].at, w0 + 5min + 1s);
  EXPECT_EQ(result.decisions[0].decision.rule.window, "night");
}

TEST(Simulate, CountsRunsGapsAndWhatIsUnknown) {
  Recorder history(profile_of(SafetyLevel::safe));
  demand(history, 10, 50);
  history.now += 50s;
  demand(history, 10, 50);
  history.now += 50s;
  const auto result = simulate(history.finish());
  EXPECT_EQ(result.runs, 2U);
  EXPECT_EQ(result.gaps, 2U);
  EXPECT_NEAR(result.unknown_share, 0.5, 0.03);
  EXPECT_EQ(result.samples_used, 200U);
  EXPECT_EQ(result.coverage[0].samples, 100U);
}

TEST(Simulate, JudgesNoDurationOfAMacroWhoseRunsAreNotRecorded) {
  Recorder history(profile_of(SafetyLevel::dangerous));
  monitor::Snapshot s;
  for (int i = 0; i < 120; ++i, history.now += 1s) {
    history.known(s.cpu_usage, "cpu_usage", "", 10, 1s);
    history.known(s.fps, "fps", "", i % 60 < 30 ? 60 : 5, 1s);
  }
  const auto result = simulate(history.finish());
  EXPECT_FALSE(result.runs_recorded);
  ASSERT_GE(result.decisions.size(), 2U) << "it goes on after a cancellation";
  EXPECT_EQ(result.decisions[0].decision.rule.signal, "fps");
}

TEST(Simulate, SaysWhatAnAggregateHides) {
  Recorder history(profile_of(SafetyLevel::dangerous));
  history.now += 400s;
  history.input.series = {};
  SimulationInput input = history.finish();
  input.series = {{"process_demand_pct", "macro:m", {}, {{w0, w0 + 59s, 600, 5, 95, 30, 60, 90}}}};
  const auto result = simulate(input);
  EXPECT_TRUE(result.decisions.empty());
  ASSERT_EQ(result.possible.size(), 1U);
  EXPECT_EQ(result.possible[0].worst, 95);
  EXPECT_EQ(result.possible[0].limit, 80);
  EXPECT_EQ(result.coverage[0].samples, 0U);
  EXPECT_EQ(result.coverage[0].folded, 60U);
}

TEST(Simulate, ABusyNeighbourIsToBlameHereToo) {
  Recorder history(profile_of(SafetyLevel::dangerous));
  monitor::Snapshot s;
  for (int i = 0; i < 60; ++i, history.now += 1s) {
    history.known(s.cpu_usage, "cpu_usage", "", 95, 1s);
    for (const auto& [subject, value] : {std::pair{"macro:m", 5.0}, std::pair{"macro:n", 90.0}}) {
      auto& process = s.processes[subject];
      history.known(process.demand_pct, "process_demand_pct", subject, value, 1s);
      history.known(process.cpu_pct, "process_cpu_pct", subject, value, 1s);
    }
  }
  EXPECT_TRUE(simulated(history.finish()).empty());
}

TEST(Simulate, IsBounded) {
  Recorder history(profile_of(SafetyLevel::dangerous));
  monitor::Snapshot s;
  for (int i = 0; i < 600; ++i, history.now += 1s) {
    history.known(s.cpu_usage, "cpu_usage", "", 10, 1s);
    history.known(s.fps, "fps", "", 5, 1s);
  }
  const auto result = simulate(history.finish(), {.decisions = 3});
  EXPECT_EQ(result.decisions.size(), 3U);
  EXPECT_TRUE(result.truncated);
}

}  // namespace
}  // namespace gk::macros
