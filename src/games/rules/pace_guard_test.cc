#include "games/rules/pace_guard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "games/rules/pacer.h"
#include "testing/seeded_random.h"

namespace gk::games {
namespace {

using std::chrono::minutes;

constexpr double kPace = 120, kDayMs = 2220;

/// A game whose day grows when it gets more commands than its machine has time for, and a sender
/// that always wants more than it may.
class SlowGame {
 public:
  explicit SlowGame(const PaceGuardLimits& limits = {}) : guard(kPace, limits) {}

  /// Lives `time`: `bears` commands a second are done within a day's time; `own`: what else makes
  /// its days that much longer.
  void live(Nanos time, double bears, double wanted = 500, double own = 1) {
    const MonoTime end = now + time;
    while (now < end) {
      const double noise = static_cast<double>(random.u64() % 1000) / 1000.0 * 0.004;
      double work = kDayMs * (own + noise);  // As the real one: 2221 to 2228 ms.
      double ms = 0;
      // In pieces, for the pace may be another before the day is over: what is late is told.
      while (work > 0) {
        const double rate = std::min(wanted, guard.pace_per_s());
        const double piece = std::min(1000.0, work * std::max(1.0, rate / bears));
        work -= piece / std::max(1.0, rate / bears);
        ms += piece;
        send(rate * piece / 1000);
        now += std::chrono::duration_cast<Nanos>(std::chrono::duration<double, std::milli>(piece));
        if (work > 0 && ms > 1.33 * kDayMs) tell(kDayMs / ms);
      }
      tell(kDayMs / ms);
      days.push_back(ms);
    }
  }
  std::size_t long_days() const {
    return static_cast<std::size_t>(
        std::count_if(days.begin(), days.end(), [](double ms) { return ms > 2260; }));
  }
  void forget() {
    days.clear();
    cuts = 0;
    passed = 0;
  }

  void send(double commands) {
    passed += commands;
    owed += commands;
    for (; owed >= 1; --owed) guard.sent();
  }
  void tell(double ratio) {
    const double before = guard.pace_per_s();
    guard.observe(ratio, Millis(static_cast<int>(kDayMs)), now);
    if (guard.pace_per_s() < before) ++cuts;
  }

  PaceGuard guard;
  SeededRandom random{7};
  MonoTime now{Seconds(1000)};
  std::vector<double> days;
  int cuts = 0;
  double passed = 0, owed = 0;
};

TEST(PaceGuard, KeepsThePaceThatTheGameBears) {
  SlowGame game;
  game.live(minutes(60), 200);
  EXPECT_EQ(game.cuts, 0);
  EXPECT_EQ(game.guard.pace_per_s(), kPace);
}
TEST(PaceGuard, SettlesBelowWhatTheGameBears) {
  SlowGame game;
  game.live(minutes(2), 70);
  game.forget();
  game.live(minutes(10), 70);
  EXPECT_LE(game.long_days(), 8U) << "of about 270: a look now and then";
  EXPECT_GE(game.passed / 600, 35) << "half of what it bears at least";
}
TEST(PaceGuard, TheFirstDaysAreLongAndThenNoMore) {
  SlowGame game;
  game.live(Seconds(10), 200);
  game.forget();
  game.live(minutes(1), 50);
  EXPECT_LE(game.long_days(), 4U);
}
// Controls: the same game with a weakened rule shows what the two tests above hold.
TEST(PaceGuard, WithoutACutTheDaysStayLong) {
  SlowGame game({.cut = 1});
  game.live(minutes(10), 70);
  EXPECT_GE(game.long_days(), 150U);
}
TEST(PaceGuard, WithoutAMemoryItSwings) {
  SlowGame game({.ceiling = 10, .look_again = Seconds(0), .look_again_max = Seconds(0)});
  game.live(minutes(2), 70);
  game.forget();
  game.live(minutes(10), 70);
  EXPECT_GE(game.long_days(), 20U);
}

TEST(PaceGuard, LooksEverMoreRarely) {
  SlowGame game;
  game.live(minutes(60), 70);
  game.forget();
  game.live(minutes(60), 70);
  EXPECT_LE(game.cuts, 8) << "16 min apart by now, and what each look costs";
}
TEST(PaceGuard, HasTheWholePaceAgainWhenTheMachineIsFree) {
  SlowGame game;
  game.live(minutes(2), 60);
  EXPECT_LT(game.guard.pace_per_s(), 61);
  game.live(minutes(3), 300);
  EXPECT_EQ(game.guard.pace_per_s(), kPace);
  EXPECT_FALSE(game.guard.lowered());
}
TEST(PaceGuard, StarvesNobody) {
  SlowGame game;
  game.live(minutes(10), 1);
  EXPECT_EQ(game.guard.pace_per_s(), 12);
  EXPECT_EQ(PaceGuard(0.5).floor_per_s(), 0.5);
  EXPECT_EQ(PaceGuard(3).floor_per_s(), 1);
}
TEST(PaceGuard, DoesNotBlameCommandsThatNobodySent) {
  SlowGame game;
  game.live(minutes(10), 200, 5, 2);
  EXPECT_EQ(game.long_days(), game.days.size());
  EXPECT_EQ(game.cuts, 0);
}
TEST(PaceGuard, CutsFromWhatWasUsed) {
  SlowGame game;
  game.live(Seconds(5), 200, 40);
  game.live(Seconds(4), 30, 40);
  EXPECT_NEAR(game.guard.pace_per_s(), 20, 0.5) << "half of 40, not of 120";
}

// A ratio that swings round the limit, whatever the pace: down to the floor once, and no step up.
TEST(PaceGuard, ASignalThatSwingsRoundTheLimitDoesNotMoveThePace) {
  PaceGuard guard(kPace);
  MonoTime now{Seconds(1000)};
  int changes = 0;
  for (int day = 0; day < 270; ++day) {
    now += Millis(2220);
    for (int i = 0; i < static_cast<int>(guard.pace_per_s() * 2.22); ++i) guard.sent();
    if (guard.observe(day % 2 == 0 ? 0.98 : 0.995, Millis(2220), now)) ++changes;
  }
  EXPECT_LE(changes, 4);
}
// The control: one day on time is enough for a step up.
TEST(PaceGuard, WithoutAStreakASwingingSignalMovesIt) {
  PaceGuard guard(kPace, {.ceiling = 10, .streak = 1});
  MonoTime now{Seconds(1000)};
  int changes = 0;
  for (int day = 0; day < 270; ++day) {
    now += Millis(2220);
    for (int i = 0; i < static_cast<int>(guard.pace_per_s() * 2.22); ++i) guard.sent();
    if (guard.observe(day % 2 == 0 ? 0.98 : 0.995, Millis(2220), now)) ++changes;
  }
  EXPECT_GE(changes, 20);
}

TEST(PaceGuard, WhatIsStaleDoesNotAct) {
  PaceGuard guard(kPace);
  MonoTime now{Seconds(1000)};
  for (int i = 0; i < 5000; ++i) guard.sent();
  EXPECT_FALSE(guard.observe(0.5, Millis(2220), now)) << "nobody knows what was sent in it";
  now += Seconds(60);
  for (int i = 0; i < 5000; ++i) guard.sent();
  EXPECT_FALSE(guard.observe(0.5, Millis(2220), now)) << "after a silence";
  now += Millis(2220);
  for (int i = 0; i < 260; ++i) guard.sent();
  EXPECT_TRUE(guard.observe(0.5, Millis(2220), now)) << "and the next day is a known one";
}
// A server that stood still is started again, and bears everything.
TEST(PaceGuard, SamplesOfBeforeAnInterruptionSayNothingOfTheGameAfterIt) {
  for (const bool told : {true, false}) {
    PaceGuard guard(kPace);
    MonoTime now{Seconds(1000)};
    const auto sample = [&](double ratio) {
      now += Seconds(1);
      for (int i = 0; i < 120; ++i) guard.sent();
      return guard.observe(ratio, Millis(1000), now);
    };
    EXPECT_FALSE(sample(1)) << "the first begins";
    EXPECT_FALSE(sample(0.2)) << "too little for a decision";
    if (told) guard.interrupt();
    (void)sample(1);
    (void)sample(1);
    EXPECT_EQ(guard.lowered(), !told);
  }
}

TEST(PaceGuard, ASilenceKeepsALowPace) {
  SlowGame game;
  game.live(minutes(1), 50);
  const double low = game.guard.pace_per_s();
  ASSERT_LT(low, kPace);
  game.now += minutes(60);
  EXPECT_FALSE(game.guard.observe(1, Millis(2220), game.now));
  EXPECT_EQ(game.guard.pace_per_s(), low);
}
TEST(PaceGuard, DecidesOnTheMeanOfTwoSecondsWhereSamplesComeOften) {
  PaceGuard guard(10);
  MonoTime now{Seconds(1000)};
  (void)guard.observe(1, Seconds(1), now);
  const double steps[] = {0.9, 1.1, 1.0, 0.99, 0.98, 1.0};  // One slow step among good ones.
  for (const double ratio : steps) {
    now += Seconds(1);
    for (int i = 0; i < 10; ++i) guard.sent();
    EXPECT_FALSE(guard.observe(ratio, Seconds(1), now));
  }
  EXPECT_EQ(guard.pace_per_s(), 10);
}

TEST(Pacer, TakesANewRateWithoutABurstAndWithoutTheOldWait) {
  Pacer pacer(100, 10);
  const MonoTime t0{Seconds(100)};
  for (int i = 0; i < 10; ++i) pacer.take(t0);
  pacer.set_rate(10, 10, t0);
  EXPECT_EQ(pacer.due(t0), t0 + Millis(10)) << "the next, as before, and then 100 ms each";
  pacer.take(t0 + Millis(10));
  EXPECT_EQ(pacer.due(t0 + Millis(10)), t0 + Millis(110));
  Pacer slow(0.1, 1);
  slow.take(t0);
  slow.set_rate(100, 1, t0);
  EXPECT_EQ(slow.due(t0), t0 + Millis(10)) << "not the ten seconds of before";
}

}  // namespace
}  // namespace gk::games
