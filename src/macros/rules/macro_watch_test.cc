#include "macros/rules/macro_watch.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

using monitor::Signal;
using namespace std::chrono_literals;
using Action = Decision::Action;
constexpr MonoTime t0{1h};

class MacroWatchTest : public testing::Test {
 protected:
  MacroWatchTest() {
    WatchSettings settings;
    settings.cores = 2;
    settings.memory_total_bytes = 1e9;
    watch = std::make_unique<MacroWatch>(settings);
  }
  void start(std::string id, SafetyLevel level, double max_duration_s = 300) {
    MacroSafetyProfile p;
    p.macro_id = id;
    p.safety_level = level;
    p.max_duration_s = max_duration_s;
    profiles.push_back(p);
    watch->add(p, now, &snapshot);
  }
  Signal fresh(double value) const { return Signal::known(value, now, {}, 100ms); }
  void demand(const std::string& id, double pct) {
    snapshot.processes["macro:" + id].demand_pct = fresh(pct);
    snapshot.processes["macro:" + id].cpu_pct = fresh(pct);
  }
  std::vector<Decision> tick(Nanos by = 100ms) {
    now += by;
    if (on_tick) on_tick();
    return watch->evaluate(&snapshot, now);
  }
  // The first decision within `n` ticks.
  std::optional<Decision> first_within(int n) {
    for (int i = 0; i < n; ++i) {
      auto d = tick();
      if (!d.empty()) return d.front();
    }
    return std::nullopt;
  }
  MonoTime now = t0;
  monitor::Snapshot snapshot;
  std::function<void()> on_tick;
  std::vector<MacroSafetyProfile> profiles;
  std::unique_ptr<MacroWatch> watch;
};

TEST_F(MacroWatchTest, CancelsAnyLevelAtOnceWhenItsTimeIsOver) {
  start("heal", SafetyLevel::safe, 60);
  EXPECT_TRUE(tick(60s).empty()) << "60 s is allowed";
  const auto d = tick(1s);
  ASSERT_EQ(d.size(), 1U);
  EXPECT_EQ(d[0].action, Action::cancel);
  EXPECT_EQ(d[0].reason, "Duration exceeded: 61 s > 60 s");
  EXPECT_EQ(d[0].breached_at, t0 + 60s);
}

TEST_F(MacroWatchTest, CountsDurationsWithoutAnySnapshot) {
  start("heal", SafetyLevel::safe, 60);
  now += 61s;
  EXPECT_EQ(watch->evaluate(nullptr, now).size(), 1U);
}

TEST_F(MacroWatchTest, CancelsADangerousMacroAtTheSecondSampleOfItsOwnDemand) {
  start("dance", SafetyLevel::dangerous);
  on_tick = [&] { demand("dance", 85.5); };
  EXPECT_TRUE(tick().empty());
  const auto d = tick();
  ASSERT_EQ(d.size(), 1U);
  EXPECT_EQ(d[0].action, Action::cancel);
  EXPECT_EQ(d[0].reason, "Performance threshold exceeded: cpu_usage 85.5 > 80");
  EXPECT_FALSE(d[0].verdict) << "its own demand needs no culprit test";
}

TEST_F(MacroWatchTest, WarnsARiskyMacroTwoSecondsBeforeItCancels) {
  start("attack", SafetyLevel::risky);
  on_tick = [&] { demand("attack", 100); };
  const auto warn = first_within(2);
  ASSERT_TRUE(warn);
  EXPECT_EQ(warn->action, Action::warn);
  const MonoTime warned = now;
  const auto cancel = first_within(30);
  ASSERT_TRUE(cancel);
  EXPECT_EQ(cancel->action, Action::cancel);
  EXPECT_EQ(now - warned, 2s);
}

TEST_F(MacroWatchTest, ClearsAWarningAndContinuesItWhenTheBreachReturnsWithinTheCooldown) {
  start("heal", SafetyLevel::safe);
  double pct = 100;
  on_tick = [&] { demand("heal", pct); };
  EXPECT_EQ(first_within(2)->action, Action::warn);
  pct = 10;
  EXPECT_EQ(first_within(2)->action, Action::clear);
  EXPECT_FALSE(first_within(100));
  pct = 100;
  EXPECT_EQ(first_within(2)->action, Action::cancel) << "10 s of grace ran out meanwhile";
}

TEST_F(MacroWatchTest, OnlyRecordsWhenAutoCancelIsOff) {
  MacroSafetyProfile p;
  p.macro_id = "dance";
  p.safety_level = SafetyLevel::dangerous;
  p.auto_cancel_enabled = false;
  watch->add(p, now, nullptr);
  on_tick = [&] { demand("dance", 100); };
  EXPECT_EQ(first_within(2)->action, Action::record);
  EXPECT_FALSE(first_within(299)) << "one record a cooldown";
  EXPECT_EQ(first_within(2)->action, Action::record);
}

TEST_F(MacroWatchTest, RecordsTheEndOfTheTimeOnceAndGoesOnWatching) {
  MacroSafetyProfile p;
  p.macro_id = "dance";
  p.auto_cancel_enabled = false;
  p.max_duration_s = 60;
  watch->add(p, now, nullptr);
  EXPECT_EQ(tick(61s).at(0).reason, "Duration exceeded: 61 s > 60 s");
  EXPECT_FALSE(first_within(400));
  on_tick = [&] { demand("dance", 100); };
  EXPECT_EQ(first_within(2)->action, Action::record);
}

TEST_F(MacroWatchTest, DecidesOnceUntilTheMacroIsRemoved) {
  start("dance", SafetyLevel::dangerous);
  on_tick = [&] { demand("dance", 100); };
  EXPECT_EQ(first_within(2)->action, Action::cancel);
  EXPECT_FALSE(first_within(50));
}

TEST_F(MacroWatchTest, LeavesTheInnocentAloneBesideACompiler) {
  start("dance", SafetyLevel::dangerous);
  on_tick = [&] {
    demand("dance", 5);
    snapshot.cpu_usage = fresh(100);
    snapshot.fps = fresh(3);
    snapshot.latency = fresh(5000);
  };
  EXPECT_FALSE(first_within(100));
}

TEST_F(MacroWatchTest, DoesNotBlameAStarvedMacroForQueueing) {
  start("dance", SafetyLevel::dangerous);
  double usage = 30, cpu = 25, wanted = 25;
  on_tick = [&] {
    snapshot.cpu_usage = fresh(usage);
    snapshot.processes["macro:dance"].cpu_pct = fresh(cpu);
    snapshot.processes["macro:dance"].demand_pct = fresh(wanted);
  };
  EXPECT_FALSE(first_within(30));
  usage = 100;
  cpu = 20;
  wanted = 99;
  EXPECT_FALSE(first_within(50)) << "it gets no more CPU than it always did";
  cpu = 45;
  EXPECT_EQ(first_within(3)->action, Action::cancel) << "now it takes more than it ever did";
}

TEST_F(MacroWatchTest, WaitsForTheEffectBeforeTheNextSharedVictim) {
  start("a", SafetyLevel::dangerous);
  on_tick = [&] {
    snapshot.cpu_usage = fresh(10);
    snapshot.fps = fresh(5);
  };
  const auto first = first_within(3);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->reason, "Performance threshold exceeded: fps 5 < 15");
  ASSERT_TRUE(first->verdict);
  start("b", SafetyLevel::dangerous);
  EXPECT_FALSE(first_within(20)) << "the first is not gone yet";
  watch->remove("a", now);
  const MonoTime gone = now;
  ASSERT_TRUE(first_within(60));
  EXPECT_GE(now - gone, 3s);
}

TEST_F(MacroWatchTest, AnotherThresholdOfTheCulpritHoldsAtOnce) {
  start("a", SafetyLevel::dangerous);
  on_tick = [&] {
    snapshot.cpu_usage = fresh(10);
    snapshot.fps = fresh(5);
  };
  watch->set_culprit({.demand_weight = 1, .command_weight = 1, .threshold = 0.95, .margin = 1.5});
  EXPECT_FALSE(first_within(10)) << "its score is 0.9: what contention does not explain";
  watch->set_culprit({.demand_weight = 1, .command_weight = 1, .threshold = 0.85, .margin = 1.5});
  EXPECT_TRUE(first_within(2));
}

TEST_F(MacroWatchTest, NeverActsOnUnknownOrStaleSignals) {
  start("dance", SafetyLevel::dangerous);
  demand("dance", 100);
  snapshot.fps = fresh(1);
  snapshot.cpu_usage = fresh(10);
  now += 301ms;
  EXPECT_TRUE(watch->evaluate(&snapshot, now).empty());
  on_tick = [&] { snapshot.processes["macro:dance"].demand_pct = Signal::unknown("gone"); };
  EXPECT_FALSE(first_within(50));
}

TEST_F(MacroWatchTest, PausesADangerousMacroThatLosesASignalItStartedWith) {
  snapshot.fps = fresh(60);
  start("dance", SafetyLevel::dangerous);
  on_tick = [&] { snapshot.fps = fresh(60); };
  EXPECT_FALSE(first_within(10));
  on_tick = [&] { snapshot.fps = Signal::unknown("client left"); };
  EXPECT_FALSE(first_within(5));
  const auto pause = first_within(1);
  ASSERT_TRUE(pause);
  EXPECT_EQ(pause->action, Action::pause);
  EXPECT_EQ(pause->reason, "Signal lost: fps has been unknown for 5 of its periods");
  on_tick = [&] { snapshot.fps = fresh(60); };
  EXPECT_EQ(first_within(1)->action, Action::resume);
}

TEST_F(MacroWatchTest, ResumesAfterTheLongestPauseAndDoesNotPauseAgainForTheSameLoss) {
  snapshot.fps = fresh(60);
  start("dance", SafetyLevel::dangerous, 86'400);
  snapshot.fps = Signal::unknown("client left");
  EXPECT_EQ(first_within(6)->action, Action::pause);
  EXPECT_EQ(tick(300s).at(0).action, Action::resume);
  EXPECT_FALSE(first_within(100));
}

TEST_F(MacroWatchTest, DoesNotPauseForASignalThatWasNeverThereNorARiskyMacro) {
  snapshot.fps = fresh(60);
  start("attack", SafetyLevel::risky);
  start("dance", SafetyLevel::dangerous);
  on_tick = [&] { snapshot.fps = fresh(60); };
  EXPECT_FALSE(first_within(50)) << "latency was never known";
  on_tick = [&] { snapshot.fps = Signal::unknown("client left"); };
  EXPECT_EQ(first_within(7)->macro_id, "dance");
  EXPECT_FALSE(first_within(50));
}

TEST_F(MacroWatchTest, TakesADecisionBackThatDoesNotHoldAnyMore) {
  start("dance", SafetyLevel::dangerous);
  on_tick = [&] { demand("dance", 100); };
  const auto d = first_within(2);
  ASSERT_TRUE(d);
  EXPECT_TRUE(watch->still_holds(*d, &snapshot, now));
  demand("dance", 79);
  EXPECT_FALSE(watch->still_holds(*d, &snapshot, now));
  snapshot.processes.clear();
  EXPECT_FALSE(watch->still_holds(*d, &snapshot, now)) << "unknown never acts";
  watch->retract("dance");
  EXPECT_EQ(first_within(3)->action, Action::cancel);
}

TEST_F(MacroWatchTest, JudgesItsOwnMemoryAgainstTheMachines) {
  start("dance", SafetyLevel::dangerous);
  on_tick = [&] { snapshot.processes["macro:dance"].rss_bytes = fresh(0.9e9); };
  const auto d = first_within(2);
  ASSERT_TRUE(d);
  EXPECT_EQ(d->reason, "Performance threshold exceeded: memory_usage 90 > 85");
}

}  // namespace
}  // namespace gk::macros
