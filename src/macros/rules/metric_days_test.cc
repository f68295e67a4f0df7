#include "macros/rules/metric_days.h"

#include <gtest/gtest.h>

#include <numeric>

#include "testing/seeded_random.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

// Two days of UTC; the second is over at its noon.
const DayRow kDays(Zone{}, WallTime(36h), 2);

WallTime at(std::chrono::seconds since) { return WallTime(since); }

monitor::Aggregate folded(std::chrono::seconds from, std::chrono::seconds to, std::uint64_t count,
                          double low, double high, double mean) {
  monitor::Aggregate out;
  out.from = at(from);
  out.to = at(to);
  out.count = count;
  out.min = low;
  out.max = high;
  out.avg = mean;
  return out;
}

TEST(FoldMetric, HasNothingForADayWithoutSamples) {
  const auto days = fold_metric({"fps", "", {{at(1s), 60}}, {}}, kDays);
  ASSERT_EQ(days.size(), 2U);
  ASSERT_TRUE(days[0]);
  EXPECT_EQ(*days[0], (MetricDay{1, 60, 60, 60, 0}));
  EXPECT_FALSE(days[1]);
}

TEST(FoldMetric, WeighsByTimeAndNotBySamples) {
  // 10 s of 100 measured once a second, then 10 s of 0 measured ten times a second.
  RecordedSeries series{"cpu_usage", "", {}, {}};
  for (int i = 0; i <= 10; ++i) series.raw.push_back({at(1s * i), 100});
  for (int i = 1; i <= 100; ++i) series.raw.push_back({at(10s) + 100ms * i, 0});
  const auto day = *fold_metric(series, kDays)[0];
  EXPECT_EQ(day.count, 111U);
  EXPECT_NEAR(day.mean, 50, 1e-9);
  EXPECT_NEAR(day.coverage, 20.0 / 86'400, 1e-12);
}

TEST(FoldMetric, ALongGapIsNotCovered) {
  const RecordedSeries series{"fps", "", {{at(0s), 1}, {at(30s), 1}, {at(61s), 1}}, {}};
  const auto day = *fold_metric(series, kDays)[0];
  EXPECT_NEAR(day.coverage, 30.0 / 86'400, 1e-12) << "30 s hold, 31 s do not";
}

TEST(FoldMetric, SharesAnAggregateOverMidnightByTime) {
  // From 23:15 to 0:15: three quarters before midnight.
  const RecordedSeries series{
      "cpu_usage", "", {}, {folded(24h - 45min, 24h + 15min, 3'600, 5, 95, 40)}};
  const auto days = fold_metric(series, kDays);
  EXPECT_EQ(days[0]->count, 2'700U);
  EXPECT_EQ(days[1]->count, 900U);
  EXPECT_NEAR(days[0]->mean, 40, 1e-9);
  EXPECT_EQ(days[0]->max, 95) << "either day may have had it";
  EXPECT_EQ(days[1]->max, 95);
  EXPECT_NEAR(days[0]->coverage, 45.0 / 1'440, 1e-9);
  EXPECT_NEAR(days[1]->coverage, 15.0 / 720, 1e-9) << "of today so far";
}

TEST(FoldMetric, CountsASampleThatIsInAnAggregateOnce) {
  RecordedSeries series{"cpu_usage", "", {}, {folded(10s, 20s, 11, 1, 1, 1)}};
  for (int i = 5; i <= 25; ++i) series.raw.push_back({at(1s * i), 1});
  const auto day = *fold_metric(series, kDays)[0];
  EXPECT_EQ(day.count, 21U);
  EXPECT_NEAR(day.coverage, 20.0 / 86'400, 1e-12);
}

TEST(FoldMetric, LeavesOutWhatIsNotOfTheRow) {
  const RecordedSeries series{"fps", "", {{at(-1s), 9}, {at(36h + 1s), 9}}, {}};
  const auto days = fold_metric(series, kDays);
  EXPECT_FALSE(days[0]);
  EXPECT_FALSE(days[1]);
}

// Folding what was folded before gives the same: count, extremes and mean of a day do not depend
// on how much of it is still single samples.
TEST(FoldMetric, AgreesWhetherSamplesWereFoldedOrNot) {
  SeededRandom random(7);
  RecordedSeries raw{"cpu_usage", "", {}, {}};
  for (int i = 0; i < 36 * 3600; ++i) {
    raw.raw.push_back({at(1s * i), static_cast<double>(random.below(100))});
  }
  RecordedSeries mixed{"cpu_usage", "", {}, {}};
  const std::span<const monitor::Sample> all(raw.raw);
  for (std::size_t i = 0; i + 3'600 <= 30 * 3'600; i += 3'600) {
    mixed.aggregates.push_back(monitor::aggregate(all.subspan(i, 3'600)));
  }
  mixed.raw.assign(raw.raw.begin() + 30 * 3'600, raw.raw.end());
  const auto fine = fold_metric(raw, kDays), coarse = fold_metric(mixed, kDays);
  for (std::size_t day = 0; day < 2; ++day) {
    EXPECT_EQ(fine[day]->count, coarse[day]->count);
    EXPECT_EQ(fine[day]->min, coarse[day]->min);
    EXPECT_EQ(fine[day]->max, coarse[day]->max);
    EXPECT_NEAR(fine[day]->mean, coarse[day]->mean, 0.05);
    EXPECT_NEAR(fine[day]->coverage, coarse[day]->coverage, 1e-4);
  }
}

}  // namespace
}  // namespace gk::macros
