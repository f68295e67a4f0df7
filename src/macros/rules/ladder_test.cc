// The ladder, patterns, pace, quarantine and trend. Compiled a second time with the planted bugs of
// mutant.h: `GK_MACROS_MUTANT=n` picks one, and the tests must fail (tests/macros_mutants.cmake).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "macros/rules/macro_watch.h"
#include "macros/rules/mutant.h"
#include "macros/rules/quarantine.h"

namespace gk::macros {
namespace {

using monitor::Signal;
using namespace std::chrono_literals;
using Action = Decision::Action;
constexpr MonoTime t0{1h};
constexpr WallTime w0{std::chrono::hours(24 * 365 * 56)};

#ifdef GK_MACROS_MUTANTS
const bool mutant_is_set = [] {
  const char* wanted = std::getenv("GK_MACROS_MUTANT");
  if (wanted != nullptr) active_mutant_for_test = static_cast<MutantForTest>(std::atoi(wanted));
  return true;
}();
#endif

TEST(PatternCounter, FiresAtTheLastOfItsCountWithinItsWindow) {
  PatternCounter counter({Matcher::commands, 3, 1s, PatternAction::pause});
  EXPECT_FALSE(counter.count(t0));
  EXPECT_FALSE(counter.count(t0 + 1ms));
  EXPECT_TRUE(counter.count(t0 + 1s)) << "exactly at the window's end";
  EXPECT_FALSE(counter.count(t0 + 1s)) << "counts anew";
}

TEST(PatternCounter, ForgetsWhatIsOlderThanItsWindow) {
  PatternCounter counter({Matcher::commands, 3, 1s, PatternAction::pause});
  EXPECT_FALSE(counter.count(t0));
  EXPECT_FALSE(counter.count(t0 + 1ms));
  EXPECT_FALSE(counter.count(t0 + 1001ms)) << "1 ms too late";
}

TEST(PatternCounter, TellsCommandsApart) {
  PatternCounter counter({Matcher::identical_commands, 2, 1s, PatternAction::warn});
  EXPECT_FALSE(counter.count(t0, "jump"));
  EXPECT_FALSE(counter.count(t0, "run"));
  EXPECT_FALSE(counter.count(t0, "jump"));
  EXPECT_TRUE(counter.count(t0, "jump"));
}

TEST(PatternCounter, IsSilentWhenOff) {
  PatternCounter counter({Matcher::errors, 2, 1s, PatternAction::off});
  EXPECT_FALSE(counter.count(t0));
  EXPECT_FALSE(counter.count(t0));
}

TEST(GrowthSteps, CountsALeakButNotTheNoiseOfAnAllocator) {
  GrowthSteps steps;
  EXPECT_FALSE(steps.update(50e6, t0));
  EXPECT_FALSE(steps.update(50.5e6, t0 + 2s)) << "less than 1 MiB";
  EXPECT_TRUE(steps.update(52e6, t0 + 3s));
  EXPECT_FALSE(steps.update(54e6, t0 + 3500ms)) << "within a second";
  EXPECT_FALSE(steps.update(10e6, t0 + 9s)) << "begins anew";
  EXPECT_TRUE(steps.update(12e6, t0 + 11s));
}

TEST(Pacer, HalvesToTheFloorAndComesBackStepByStep) {
  Pacer pacer({});
  EXPECT_EQ(pacer.slow_down(1.0, t0), Nanos(2s));
  EXPECT_EQ(pacer.slow_down(1.0, t0 + 1s), std::nullopt) << "too early";
  EXPECT_EQ(pacer.slow_down(1.0, t0 + 2s), Nanos(4s));
  EXPECT_EQ(pacer.slow_down(1.0, t0 + 4s), Nanos(5s)) << "1 in 5 s is the floor";
  EXPECT_EQ(pacer.slow_down(1.0, t0 + 6s), std::nullopt);
  EXPECT_EQ(pacer.relax(t0 + 15s), std::nullopt) << "9 s are not quiet enough";
  EXPECT_EQ(pacer.relax(t0 + 16s), Nanos(2500ms));
  EXPECT_EQ(pacer.relax(t0 + 26s), Nanos(1250ms));
  EXPECT_EQ(pacer.relax(t0 + 36s), Nanos(0)) << "its own pace is reached";
  EXPECT_EQ(pacer.relax(t0 + 46s), std::nullopt);
}

TEST(Pacer, LeavesAloneWhoSendsNothingOrLittle) {
  Pacer pacer({});
  EXPECT_EQ(pacer.slow_down(0, t0), std::nullopt);
  EXPECT_EQ(pacer.slow_down(0.1, t0), std::nullopt);
}

TEST(Quarantine, DoublesTheBackOffAndAsksAnAdminAfterTheThird) {
  Quarantine quarantine({});
  EXPECT_EQ(quarantine.blocked("a", w0), nullptr);
  EXPECT_EQ(quarantine.cancelled("a", "x", w0)->until, w0 + 10s);
  EXPECT_NE(quarantine.blocked("a", w0 + 9s), nullptr);
  EXPECT_EQ(quarantine.blocked("a", w0 + 10s), nullptr) << "the trial";
  EXPECT_EQ(quarantine.cancelled("a", "x", w0 + 20s)->until, w0 + 40s);
  EXPECT_FALSE(quarantine.entries().at("a").needs_confirmation);
  EXPECT_TRUE(quarantine.cancelled("a", "x", w0 + 60s)->needs_confirmation);
  EXPECT_NE(quarantine.blocked("a", w0 + 24h), nullptr) << "time does not help any more";
  EXPECT_TRUE(quarantine.lift("a"));
  EXPECT_FALSE(quarantine.lift("a"));
  EXPECT_EQ(quarantine.blocked("a", w0 + 60s), nullptr);
}

TEST(Quarantine, ClosesAfterATrialThatEndsWell) {
  Quarantine quarantine({});
  quarantine.cancelled("a", "x", w0);
  EXPECT_FALSE(quarantine.ended("a", false, 59s)) << "stopped too early to have proved anything";
  EXPECT_TRUE(quarantine.ended("a", false, 60s));
  quarantine.cancelled("b", "x", w0);
  EXPECT_TRUE(quarantine.ended("b", true, 1s));
  EXPECT_FALSE(quarantine.ended("b", true, 1s));
}

TEST(Quarantine, HoldsNobodyLongerBecauseTheClockJumpedBack) {
  Quarantine quarantine({});
  quarantine.cancelled("a", "x", w0);
  EXPECT_EQ(quarantine.blocked("a", w0 - 48h), nullptr);
}

TEST(Quarantine, IsBounded) {
  Quarantine quarantine({.max_entries = 2});
  quarantine.cancelled("a", "x", w0);
  quarantine.cancelled("b", "x", w0 + 1s);
  quarantine.cancelled("c", "x", w0 + 2s);
  EXPECT_EQ(quarantine.entries().size(), 2U);
  EXPECT_EQ(quarantine.entries().count("a"), 0U) << "it may start soonest";
}

TEST(HoltTrend, ForetellsACrossing) {
  HoltTrend rising;
  for (int i = 0; i <= 200; ++i) rising.update(50 + 0.2 * i, t0 + i * 100ms);  // 2 a second.
  EXPECT_NEAR(rising.level(), 90, 1);
  ASSERT_TRUE(rising.crosses(100, Direction::above));
  EXPECT_NEAR(std::chrono::duration<double>(*rising.crosses(100, Direction::above)).count(), 5, 1);
  EXPECT_FALSE(rising.crosses(130, Direction::above)) << "20 s away";
  EXPECT_FALSE(rising.crosses(80, Direction::above)) << "passed already";
  EXPECT_FALSE(rising.crosses(50, Direction::below));
}

TEST(HoltTrend, ForetellsNothingFromNoiseBelowALimit) {
  HoltTrend noisy;
  int foretold = 0;
  for (int i = 0; i <= 600; ++i) {
    noisy.update(77 + 4 * std::sin(i * 1.7) + std::sin(i * 0.31), t0 + i * 100ms);
    foretold += noisy.crosses(77.3, Direction::above) ? 1 : 0;
  }
  EXPECT_EQ(foretold, 0);
}

TEST(HoltTrend, BeginsAnewAfterAGap) {
  HoltTrend trend;
  for (int i = 0; i <= 100; ++i) trend.update(i, t0 + i * 100ms);
  trend.update(5, t0 + 60s);
  EXPECT_EQ(trend.level(), 5);
  EXPECT_FALSE(trend.crosses(6, Direction::above));
}

TEST(CommandShares, CountOfOneGameFadesByHalfInFiveSeconds) {
  CommandShares shares;
  EXPECT_EQ(shares.share("a", "macro:x", t0), std::nullopt);
  for (int i = 0; i < 3; ++i) shares.add("a", "macro:x", t0);
  shares.add("a", "user:y", t0);
  for (int i = 0; i < 9; ++i) shares.add("b", "user:y", t0);
  EXPECT_DOUBLE_EQ(*shares.share("a", "macro:x", t0), 0.75);
  for (int i = 0; i < 3; ++i) shares.add("a", "user:y", t0 + 5s);
  EXPECT_DOUBLE_EQ(*shares.share("a", "macro:x", t0 + 5s), 0.3);
}

TEST(CommandShares, AreBounded) {
  CommandShares shares({.max_games = 2, .max_senders = 2});
  for (const char* game : {"a", "b", "c"}) {
    for (const char* who : {"x", "y", "z"}) shares.add(game, who, t0);
  }
  EXPECT_NE(shares.share("c", "z", t0), std::nullopt);
  EXPECT_DOUBLE_EQ(*shares.share("c", "z", t0), 0.5) << "two senders of three";
}

class LadderTest : public testing::Test {
 protected:
  void start(SafetyLevel level, WatchedMacro means, WatchSettings settings = {}) {
    settings.cores = 2;
    settings.memory_total_bytes = 1e9;
    watch.emplace(settings);
    MacroSafetyProfile p;
    p.macro_id = "m";
    p.safety_level = level;
    watch->add(p, now, nullptr, means);
  }
  std::optional<Decision> tick(double demand, Nanos by = 100ms) {
    now += by;
    snapshot.processes["macro:m"].demand_pct = Signal::known(demand, now, {}, 100ms);
    snapshot.processes["macro:m"].cpu_pct = Signal::known(demand, now, {}, 100ms);
    auto all = watch->evaluate(&snapshot, now);
    if (all.empty()) return std::nullopt;
    trail += name(all[0].action);
    trail += std::to_string((now - since) / 1s) + " ";
    return all[0];
  }
  // The next sample has so many processes, the worker among them.
  std::optional<Decision> tick_with(std::uint32_t processes) {
    snapshot.processes["macro:m"].processes = processes;
    snapshot.processes["macro:m"].threads = Signal::known(processes, now + 100ms, {}, 100ms);
    return tick(1);
  }
  void run(double demand, Nanos time) {
    for (const MonoTime end = now + time; now < end;) (void)tick(demand);
  }
  static std::string name(Action action) {
    static const char* names[] = {"warn",   "clear",  "throttle", "pause",
                                  "resume", "cancel", "record"};
    return names[static_cast<int>(action)];
  }
  std::optional<Decision> commands(int n, Nanos apart, Deed deed = Deed::command,
                                   std::string text = "") {
    std::optional<Decision> last;
    for (int i = 0; i < n; ++i) {
      now += apart;
      const std::string line = text.empty() ? std::to_string(i) : text;
      if (auto d = watch->observe("m", deed, line, now)) last = d;
    }
    return last;
  }
  MonoTime now = t0;
  MonoTime since = t0;
  monitor::Snapshot snapshot;
  std::optional<MacroWatch> watch;
  std::string trail;
};

const WatchedMacro kAll{.game = "world", .can_throttle = true, .can_pause = true};

const WatchedMacro kOurs{.game = "world", .can_pause = true, .is_supervised = true};

TEST_F(LadderTest, CancelsAForkBombOfAnyLevelAtItsFirstSample) {
  for (const auto level : {SafetyLevel::safe, SafetyLevel::risky, SafetyLevel::dangerous}) {
    start(level, kOurs);
    EXPECT_FALSE(tick_with(65)) << "the worker and the 64 that are allowed";
    const auto bomb = tick_with(66);
    ASSERT_TRUE(bomb);
    EXPECT_EQ(bomb->action, Action::cancel);
    EXPECT_EQ(bomb->reason, "Process limit exceeded: 65 > 64");
    EXPECT_EQ(bomb->rule.trigger, Trigger::processes);
    EXPECT_EQ(bomb->rule.measured, "processes");
    EXPECT_EQ(bomb->value, 65);
    EXPECT_FALSE(bomb->verdict) << "its own processes convict it";
    EXPECT_FALSE(tick_with(600)) << "one decision is enough";
  }
}

TEST_F(LadderTest, LooksAtTheProcessesAgainBeforeItCancels) {
  start(SafetyLevel::safe, kOurs);
  const auto bomb = tick_with(66);
  ASSERT_TRUE(bomb);
  EXPECT_TRUE(watch->still_holds(*bomb, &snapshot, now));
  snapshot.processes["macro:m"].processes = 65;
  EXPECT_FALSE(watch->still_holds(*bomb, &snapshot, now));
}

TEST_F(LadderTest, CountsNoProcessesOfAMacroThatOthersStarted) {
  start(SafetyLevel::dangerous, kAll);
  EXPECT_FALSE(tick_with(600));
}

TEST_F(LadderTest, ActsOnNoCountOfProcessesThatIsStale) {
  start(SafetyLevel::dangerous, kOurs);
  snapshot.processes["macro:m"].processes = 600;
  EXPECT_FALSE(tick(1));
  snapshot.processes["macro:m"].threads = Signal::known(600, now - 1min, {}, 100ms);
  EXPECT_FALSE(tick(1));
}

TEST_F(LadderTest, RecordsAForkBombOnceWhereNothingActs) {
  WatchSettings settings;
  settings.dry_run = true;
  start(SafetyLevel::dangerous, kOurs, settings);
  const auto bomb = tick_with(600);
  ASSERT_TRUE(bomb);
  EXPECT_EQ(bomb->action, Action::record);
  EXPECT_FALSE(tick_with(600));
  EXPECT_FALSE(tick_with(3)) << "that one is over";
  EXPECT_FALSE(tick_with(600)) << "too soon: it would fill the records";
  now += settings.cooldown;
  EXPECT_TRUE(tick_with(600));
}

TEST_F(LadderTest, TakesASafeMacroStepByStep) {
  start(SafetyLevel::safe, kAll);
  for (int i = 0; i < 40; ++i) watch->note_command("world", "macro:m", now);
  run(100, 11s);
  EXPECT_EQ(trail, "warn0 throttle3 throttle5 pause6 cancel10 ");
}

TEST_F(LadderTest, LeavesOutWhatCannotBeDone) {
  start(SafetyLevel::safe, {});
  run(100, 11s);
  EXPECT_EQ(trail, "warn0 cancel10 ");
}

TEST_F(LadderTest, GivesARiskyMacroAWarningOnly) {
  start(SafetyLevel::risky, kAll);
  run(100, 3s);
  EXPECT_EQ(trail, "warn0 cancel2 ");
}

TEST_F(LadderTest, CancelsADangerousMacroAtOnce) {
  start(SafetyLevel::dangerous, kAll);
  run(100, 1s);
  EXPECT_EQ(trail, "cancel0 ");
}

TEST_F(LadderTest, ResumesAfterAQuietWindowAndCancelsWhoBreachesAgain) {
  start(SafetyLevel::safe, kAll);
  run(100, 7s);
  run(5, 11s);
  EXPECT_EQ(trail, "warn0 pause6 clear7 resume17 ");
  run(100, 1s);
  EXPECT_EQ(trail, "warn0 pause6 clear7 resume17 cancel18 ");
}

TEST_F(LadderTest, OnlyRecordsInADryRun) {
  start(SafetyLevel::dangerous, kAll, {.dry_run = true});
  run(100, 1s);
  EXPECT_EQ(trail, "record0 ");
  EXPECT_EQ(commands(25, 10ms)->action, Action::record);
}

TEST_F(LadderTest, PausesAFloodOfCommandsAndCancelsTheNextOne) {
  start(SafetyLevel::risky, kAll);
  EXPECT_FALSE(commands(19, 100ms));
  const auto pause = commands(1, 100ms);
  ASSERT_TRUE(pause);
  EXPECT_EQ(pause->action, Action::pause);
  EXPECT_EQ(pause->reason, "Pattern: 20 commands in 5 s");
  run(5, 31s);
  EXPECT_EQ(trail.substr(0, 6), "resume");
  const auto cancel = commands(20, 100ms);
  ASSERT_TRUE(cancel);
  EXPECT_EQ(cancel->action, Action::cancel);
  EXPECT_FALSE(commands(40, 10ms)) << "one decision a macro";
}

TEST_F(LadderTest, LetsALivelyMacroBeWithinItsLimits) {
  start(SafetyLevel::risky, kAll);
  EXPECT_FALSE(commands(200, 270ms)) << "19 in 5 s";
}

TEST_F(LadderTest, ActsOnChatsErrorsAndIdenticalCommands) {
  start(SafetyLevel::safe, kAll);
  EXPECT_EQ(commands(15, 400ms, Deed::command, "jump")->action, Action::warn);
  EXPECT_EQ(commands(10, 100ms, Deed::chat)->action, Action::pause);
  EXPECT_EQ(commands(30, 100ms, Deed::error)->action, Action::cancel);
}

TEST_F(LadderTest, TakesAPatternOfADangerousMacroAsReasonEnough) {
  start(SafetyLevel::dangerous, kAll);
  EXPECT_EQ(commands(20, 100ms)->action, Action::cancel);
}

TEST_F(LadderTest, WarnsOfALeak) {
  start(SafetyLevel::risky, kAll);
  std::string reason;
  for (int i = 0; i < 25 && reason.empty(); ++i) {
    snapshot.processes["macro:m"].rss_bytes = Signal::known(5e6 + 2e6 * i, now + 1s, {}, 100ms);
    if (const auto d = tick(1, 1s)) reason = d->reason;
  }
  EXPECT_EQ(reason, "Pattern: 10 steps of memory growth in 30 s");
}

TEST_F(LadderTest, WarnsBeforeALimitIsReachedButNeverCancelsForIt) {
  start(SafetyLevel::dangerous, kAll);
  std::string reason;
  for (int i = 0; i < 120; ++i) {
    const auto d = tick(20 + 0.5 * i);
    if (d) reason = d->reason;
  }
  EXPECT_EQ(reason.substr(0, 9), "Forecast:");
  EXPECT_EQ(trail.substr(0, 4), "warn");
  EXPECT_EQ(trail.find("cancel"), std::string::npos);
  run(79, 20s);  // It stays just below: nothing follows.
  EXPECT_EQ(trail.find("cancel"), std::string::npos);
}

TEST_F(LadderTest, MakesAtMostOneTransitionOfASignalThatSwingsRoundItsLimit) {
  start(SafetyLevel::safe, {}, {.safe_grace = Millis(3'600'000)});
  for (int i = 0; i < 6'000; ++i) (void)tick(80 * (1 + 0.05 * std::sin(i * 0.7)));
  EXPECT_EQ(trail.find("clear"), std::string::npos);
  EXPECT_EQ(trail.find("warn", trail.find("warn") + 1), std::string::npos) << trail;
}

// Negative control: without hysteresis the same signal makes hundreds.
TEST_F(LadderTest, HysteresisIsWhatKeepsASwingingSignalQuiet) {
  WatchSettings naive{.safe_grace = Millis(3'600'000)};
  naive.trigger.leave_ratio_above = 1;
  start(SafetyLevel::safe, {}, naive);
  for (int i = 0; i < 6'000; ++i) (void)tick(80 * (1 + 0.05 * std::sin(i * 0.7)));
  EXPECT_GT(trail.size(), 1'000U);
}

TEST_F(LadderTest, BlamesNobodyForWhatAnotherGameSuffers) {
  start(SafetyLevel::dangerous, kAll);
  const auto sample = [&](const char* game) {
    snapshot.cpu_usage = Signal::known(10, now + 100ms, {}, 100ms);
    snapshot.external = {{"tick_ratio", game, monitor::SampleSource::server,
                          Signal::known(0.2, now + 100ms, {}, 100ms)}};
    snapshot.tick_ratio = snapshot.external[0].value;
  };
  for (int i = 0; i < 20; ++i) {
    sample("game:other");
    watch->note_command("world", "macro:m", now);
    (void)tick(1);
  }
  EXPECT_EQ(trail, "");
}

TEST_F(LadderTest, BlamesWhoseCommandsSlowItsGameDownThoughItUsesNoCpu) {
  start(SafetyLevel::dangerous, kAll);
  for (int i = 0; i < 60; ++i) {
    snapshot.cpu_usage = Signal::known(99, now + 100ms, {}, 100ms);
    snapshot.external = {{"tick_ratio", "game:world", monitor::SampleSource::server,
                          Signal::known(i < 40 ? 1.0 : 0.5, now + 100ms, {}, 100ms)}};
    if (i % 10 == 0) watch->note_command("world", "user:ann", now);
    for (int n = 0; i >= 38 && n < 10; ++n) watch->note_command("world", "macro:m", now);
    (void)tick(1);
  }
  EXPECT_EQ(trail, "cancel4 ");
}

TEST(CommandsOfOtherGames, DoNotCountInTheShare) {
  CommandShares shares;
  shares.add("a", "macro:x", t0);
  for (int i = 0; i < 99; ++i) shares.add("b", "user:y", t0);
  EXPECT_DOUBLE_EQ(*shares.share("a", "macro:x", t0), 1);
}

}  // namespace
}  // namespace gk::macros
