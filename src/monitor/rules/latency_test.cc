#include "monitor/rules/latency.h"

#include <gtest/gtest.h>

namespace gk::monitor {
namespace {

constexpr MonoTime t0{std::chrono::hours(1)};

ProbeRound all(int ms) { return {Millis(ms), Millis(ms), Millis(ms)}; }

TEST(LatencyTest, CountsTheMedianOfThreeProbes) {
  LatencyEstimator latency;
  latency.add({Millis(900), Millis(20), Millis(30)}, t0);
  EXPECT_DOUBLE_EQ(latency.smoothed_ms().value(), 30);
}

TEST(LatencyTest, SmoothsWithThreeTenthsNewAndSevenTenthsOld) {
  LatencyEstimator latency;
  latency.add(all(100), t0);
  latency.add(all(200), t0);
  EXPECT_DOUBLE_EQ(latency.smoothed_ms().value(), 130);
}

TEST(LatencyTest, TakesALostProbeAsALossAndNeverAsANumber) {
  LatencyEstimator latency;
  latency.add({Millis(40), std::nullopt, Millis(60)}, t0);
  EXPECT_DOUBLE_EQ(latency.smoothed_ms().value(), 50);
  EXPECT_DOUBLE_EQ(latency.loss().value(), 1.0 / 3);
  latency.add({}, t0 + Seconds(10));
  EXPECT_DOUBLE_EQ(latency.smoothed_ms().value(), 50);
  EXPECT_DOUBLE_EQ(latency.loss().value(), 4.0 / 6);
  EXPECT_EQ(latency.signal(t0 + Seconds(10), {}).state(t0 + Seconds(10)), SignalState::unknown);
}

TEST(LatencyTest, KnowsNoTrendBelowFourAnswersAndThenComparesHalves) {
  LatencyEstimator latency;
  for (int i = 0; i < 3; ++i) latency.add(all(100), t0);
  EXPECT_EQ(latency.trend(), Trend::unknown);
  for (int i = 0; i < 7; ++i) latency.add(all(100), t0);
  EXPECT_EQ(latency.trend(), Trend::stable);
  for (int i = 0; i < 5; ++i) latency.add(all(105), t0);
  EXPECT_EQ(latency.trend(), Trend::stable) << "exactly 5 % is not worse";
  for (int i = 0; i < 5; ++i) latency.add(all(112), t0);
  EXPECT_EQ(latency.trend(), Trend::degrading);
  for (int i = 0; i < 5; ++i) latency.add(all(50), t0);
  EXPECT_EQ(latency.trend(), Trend::improving);
}

TEST(LatencyTest, ProbesSoonerWhenSlowDegradingOrLost) {
  LatencyEstimator latency;
  EXPECT_EQ(latency.next_probe_after(), Seconds(10));
  latency.add(all(49), t0);
  EXPECT_EQ(latency.next_probe_after(), Seconds(60));
  LatencyEstimator middle;
  middle.add(all(150), t0);
  EXPECT_EQ(middle.next_probe_after(), Seconds(30));
  LatencyEstimator slow;
  slow.add(all(151), t0);
  EXPECT_EQ(slow.next_probe_after(), Seconds(10));
}

TEST(LatencyTest, SignalAgesWithTheTimeBetweenRounds) {
  LatencyEstimator latency;
  latency.add(all(20), t0);
  const Signal signal = latency.signal(t0 + Seconds(5), WallTime(Seconds(100)));
  EXPECT_EQ(signal.at(), t0);
  EXPECT_EQ(signal.wall_at(), WallTime(Seconds(95)));
  EXPECT_EQ(signal.state(t0 + Seconds(180)), SignalState::known);
  EXPECT_EQ(signal.state(t0 + Seconds(181)), SignalState::stale);
}

}  // namespace
}  // namespace gk::monitor
