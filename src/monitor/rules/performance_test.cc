#include "monitor/rules/performance.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gk::monitor {
namespace {

constexpr MonoTime t0{std::chrono::hours(1)};

TEST(IssueSeverityTest, FollowsTheThresholdsExactly) {
  EXPECT_FALSE(stutter_severity(100));
  EXPECT_EQ(stutter_severity(100.01), IssueSeverity::low);
  EXPECT_EQ(stutter_severity(200), IssueSeverity::low);
  EXPECT_EQ(stutter_severity(200.01), IssueSeverity::medium);
  EXPECT_EQ(stutter_severity(300.01), IssueSeverity::high);
  EXPECT_FALSE(low_fps_severity(30));
  EXPECT_EQ(low_fps_severity(29.99), IssueSeverity::low);
  EXPECT_EQ(low_fps_severity(24.99), IssueSeverity::medium);
  EXPECT_EQ(low_fps_severity(14.99), IssueSeverity::high);
  EXPECT_FALSE(memory_severity(80));
  EXPECT_EQ(memory_severity(80.01), IssueSeverity::medium);
  EXPECT_EQ(memory_severity(90), IssueSeverity::high);
}

TEST(PerformanceScoreTest, FollowsTheFormulaAndIsClamped) {
  EXPECT_DOUBLE_EQ(performance_score(60, 16.67, 0), 100);
  EXPECT_DOUBLE_EQ(performance_score(60, 16.67, 50), 95);
  EXPECT_NEAR(performance_score(30, 1000.0 / 30, 50), 30 + 0.3 * (100 - 16.6633 * 2) + 5, 1e-3);
  EXPECT_DOUBLE_EQ(performance_score(240, 4, 0), 100) << "a fast client does not exceed 100";
  EXPECT_DOUBLE_EQ(performance_score(0, 1000, 100), 0);
}

TEST(PerformanceScoreTest, IsUnknownWithoutAFrameRateOrMemory) {
  const Signal fps = Signal::known(60, t0, {}, Seconds(1));
  const Signal memory = Signal::known(50, t0, {}, Seconds(1));
  EXPECT_TRUE(score_signal(fps, memory, t0, {}).is_known(t0));
  EXPECT_FALSE(score_signal(fps, Signal(), t0, {}).measured());
  EXPECT_FALSE(score_signal(Signal(), memory, t0, {}).measured());
  EXPECT_FALSE(score_signal(fps, memory, t0 + Seconds(4), {}).measured()) << "stale is not known";
}

TEST(FrameTrackerTest, TakesTheRateFromTheLastThirtyOf120Frames) {
  FrameTracker frames;
  EXPECT_FALSE(frames.fps());
  for (int i = 0; i < 200; ++i) frames.add(100);
  for (int i = 0; i < 30; ++i) frames.add(20);
  EXPECT_DOUBLE_EQ(frames.fps().value(), 50);
  EXPECT_EQ(frames.size(), 120U);
  frames.add(0);
  frames.add(-5);
  frames.add(std::nan(""));
  EXPECT_DOUBLE_EQ(frames.fps().value(), 50);
}

TEST(PerformanceContextTest, RaisesEveryStutterAndForgetsItAfterFiveSeconds) {
  PerformanceContext context("client-7", SampleSource::claim);
  context.on_frame(150, t0);
  context.on_frame(16, t0);
  context.on_frame(350, t0 + Seconds(1));
  const auto issues = context.issues(t0 + Seconds(1));
  ASSERT_EQ(issues.size(), 2U);
  EXPECT_EQ(issues[0].severity, IssueSeverity::low);
  EXPECT_EQ(issues[1].severity, IssueSeverity::high);
  EXPECT_EQ(issues[1].source, SampleSource::claim);
  EXPECT_EQ(issues[1].subject, "client-7");
  EXPECT_EQ(context.issues(t0 + Seconds(5)).size(), 1U);
  EXPECT_EQ(context.issues(t0 + Seconds(6)).size(), 0U);
}

TEST(PerformanceContextTest, RaisesLowFpsAtTheEdgeAndAgainOnlyWhenItWorsensOrReturns) {
  PerformanceContext context("server", SampleSource::server);
  for (int i = 0; i < 100; ++i) context.on_fps(28, t0);
  EXPECT_EQ(context.issues(t0).size(), 1U);
  context.on_fps(20, t0);
  context.on_fps(28, t0);
  context.on_fps(20, t0);
  EXPECT_EQ(context.issues(t0).size(), 2U) << "worse once, no flapping";
  context.on_fps(30, t0);
  context.on_fps(29, t0);
  EXPECT_EQ(context.issues(t0).size(), 3U) << "left and entered again";
}

TEST(PerformanceContextTest, WaitsForThirtyFramesBeforeItJudgesTheRate) {
  PerformanceContext context("a", SampleSource::claim);
  for (int i = 0; i < 29; ++i) context.on_frame(50, t0);
  EXPECT_EQ(context.issues(t0).size(), 0U);
  context.on_frame(50, t0);
  EXPECT_EQ(context.issues(t0).at(0).kind, IssueKind::low_fps);
}

TEST(PerformanceContextTest, RaisesMemoryPressureAtTheEdge) {
  PerformanceContext context("", SampleSource::server);
  for (const double pct : {79.0, 81.0, 85.0, 90.0, 95.0}) context.on_memory(pct, t0);
  const auto issues = context.issues(t0);
  ASSERT_EQ(issues.size(), 2U);
  EXPECT_EQ(issues[0].severity, IssueSeverity::medium);
  EXPECT_EQ(issues[1].severity, IssueSeverity::high);
}

TEST(PerformanceContextTest, NeverLooksOverWhileMemoryPressureLastsAndReadingsComeLate) {
  PerformanceContext context("", SampleSource::server);
  MonoTime now = t0;
  for (int i = 0; i < 60; ++i) {
    // A reading each second, up to 300 ms late: the issues are asked for just before the next.
    context.on_memory(95, now + Millis(i * 37 % 300));
    now += Seconds(1);
    const auto issues = context.issues(now);
    ASSERT_GE(issues.size(), 1U) << i;
    ASSERT_LE(issues.size(), 2U) << i;
  }
  EXPECT_EQ(context.raised(), 20U) << "each 3 s: the first reading after half of a window";
}

TEST(PerformanceContextTest, BoundsItsListAndCountsWhatItLost) {
  PerformanceContext context("a", SampleSource::claim);
  for (int i = 0; i < 100; ++i) context.on_frame(150, t0);
  EXPECT_EQ(context.issues(t0).size(), 64U);
  EXPECT_EQ(context.dropped(), 37U) << "100 stutters and one low_fps";
}

}  // namespace
}  // namespace gk::monitor
