#include "macros/rules/trigger.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace gk::macros {
namespace {

using monitor::Signal;
using namespace std::chrono_literals;
constexpr MonoTime t0{1h};

Signal at(double value, MonoTime when) { return Signal::known(value, when, {}, 100ms); }

class HysteresisTriggerTest : public testing::Test {
 protected:
  // Feeds a fresh sample every 100 ms.
  Edge feed(HysteresisTrigger& trigger, double value) {
    now += 100ms;
    return trigger.update(at(value, now), now);
  }
  MonoTime now = t0;
  HysteresisTrigger cpu{Direction::above, 80, {}};
  HysteresisTrigger fps{Direction::below, 15, {}};
};

TEST_F(HysteresisTriggerTest, EntersAtTheSecondConsecutiveSamplePastTheLimit) {
  EXPECT_EQ(feed(cpu, 81), Edge::none);
  EXPECT_EQ(feed(cpu, 81), Edge::entered);
  EXPECT_EQ(cpu.breached_at(), t0 + 200ms);
}

TEST_F(HysteresisTriggerTest, DoesNotEnterAtTheLimitItself) {
  EXPECT_EQ(feed(cpu, 80), Edge::none);
  EXPECT_EQ(feed(cpu, 80), Edge::none);
  EXPECT_FALSE(cpu.active());
}

TEST_F(HysteresisTriggerTest, StartsOverAfterASampleWithinTheLimit) {
  (void)feed(cpu, 81);
  (void)feed(cpu, 79);
  EXPECT_EQ(feed(cpu, 81), Edge::none);
}

TEST_F(HysteresisTriggerTest, LeavesOnlyBelowNineTenthsOfTheLimit) {
  (void)feed(cpu, 81);
  (void)feed(cpu, 81);
  EXPECT_EQ(feed(cpu, 72), Edge::none);
  EXPECT_EQ(feed(cpu, 71.9), Edge::left);
}

TEST_F(HysteresisTriggerTest, LeavesFpsOnlyAboveElevenTenthsOfTheLimit) {
  (void)feed(fps, 14);
  EXPECT_EQ(feed(fps, 14), Edge::entered);
  EXPECT_EQ(feed(fps, 16.5), Edge::none);
  EXPECT_EQ(feed(fps, 16.6), Edge::left);
}

TEST_F(HysteresisTriggerTest, CountsOneMeasurementOnceHoweverOftenItIsSeen) {
  const Signal one = at(99, t0);
  EXPECT_EQ(cpu.update(one, t0), Edge::none);
  EXPECT_EQ(cpu.update(one, t0 + 100ms), Edge::none);
  EXPECT_EQ(cpu.update(one, t0 + 200ms), Edge::none);
  EXPECT_FALSE(cpu.active());
}

TEST_F(HysteresisTriggerTest, NeverEntersOnUnknownOrStaleValues) {
  (void)cpu.update(Signal::unknown("sensor failed"), t0);
  (void)cpu.update(at(99, t0), t0 + 301ms);
  (void)cpu.update(at(99, t0 + 1ms), t0 + 400ms);
  EXPECT_FALSE(cpu.active());
}

TEST_F(HysteresisTriggerTest, BreaksARunOfSamplesAtAnUnknownValue) {
  (void)feed(cpu, 99);
  (void)cpu.update(Signal::unknown("gap"), now);
  EXPECT_EQ(feed(cpu, 99), Edge::none);
}

TEST_F(HysteresisTriggerTest, HoldsBackUntilTheHoldTimeHasPassed) {
  HysteresisTrigger slow(Direction::above, 80, {.hold = 1s});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(feed(slow, 90), Edge::none);
  EXPECT_EQ(feed(slow, 90), Edge::entered);
}

// Ten minutes at 10 Hz of a signal that swings ±5 % round the limit.
int transitions(double leave_ratio) {
  HysteresisTrigger trigger(Direction::above, 80, {.leave_ratio_above = leave_ratio});
  SeededRandom random(7);
  int edges = 0;
  for (int i = 1; i <= 6000; ++i) {
    const MonoTime now = t0 + i * 100ms;
    const double value = 80 * (0.95 + 0.1 * random.uniform());
    if (trigger.update(at(value, now), now) != Edge::none) ++edges;
  }
  return edges;
}

TEST(Hysteresis, MakesAtMostOneTransitionWhileASignalSwingsRoundItsLimit) {
  EXPECT_LE(transitions(TriggerSettings{}.leave_ratio_above), 1);
}

TEST(Hysteresis, IsWhatPreventsTheTransitions) {
  EXPECT_GT(transitions(1.0), 100) << "negative control: without hysteresis the test above fails";
}

TEST(ThresholdReason, IsLiteral) {
  EXPECT_EQ(threshold_reason("cpu_usage", 85.5, Direction::above, 80),
            "Performance threshold exceeded: cpu_usage 85.5 > 80");
  EXPECT_EQ(threshold_reason("fps", 14.04, Direction::below, 15),
            "Performance threshold exceeded: fps 14 < 15");
}

TEST(ThresholdReason, NeverClaimsThatEqualNumbersDiffer) {
  EXPECT_EQ(threshold_reason("cpu_usage", 80.004, Direction::above, 80),
            "Performance threshold exceeded: cpu_usage 80.004 > 80");
  EXPECT_EQ(threshold_reason("tick_ratio", 0.749, Direction::below, 0.75),
            "Performance threshold exceeded: tick_ratio 0.7 < 0.75");
}

TEST(DurationReason, RoundsTheElapsedTimeUp) {
  EXPECT_EQ(duration_reason(60s + 100ms, 60), "Duration exceeded: 61 s > 60 s");
  EXPECT_EQ(duration_reason(61s, 60), "Duration exceeded: 61 s > 60 s");
}

TEST(ProcessesReason, IsLiteral) {
  EXPECT_EQ(processes_reason(312, 64), "Process limit exceeded: 312 > 64");
}

}  // namespace
}  // namespace gk::macros
