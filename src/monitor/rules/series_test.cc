#include "monitor/rules/series.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "testing/seeded_random.h"

namespace gk::monitor {
namespace {

constexpr WallTime t0{Seconds(1'767'225'600)};

WallTime at(std::int64_t seconds) { return t0 + Seconds(seconds); }

std::vector<Sample> to_vector(const RawSpan& span) {
  std::vector<Sample> out(span.first.begin(), span.first.end());
  out.insert(out.end(), span.second.begin(), span.second.end());
  return out;
}

TEST(PercentileTest, TakesTheElementAtFloorOfNTimesPAndNeverPastTheEnd) {
  const std::vector<double> sorted = {1, 2, 3, 4};
  EXPECT_EQ(percentile(sorted, 0), 1);
  EXPECT_EQ(percentile(sorted, 0.5), 3);
  EXPECT_EQ(percentile(sorted, 0.95), 4);
  EXPECT_EQ(percentile(sorted, 1), 4);
  EXPECT_EQ(percentile(std::vector<double>{9}, 0.99), 9);
}

TEST(SeriesTest, KeepsTenThousandRawSamplesWithoutAnAggregate) {
  Series series({});
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(series.push({at(i), 1.0}));
  EXPECT_EQ(series.size(), 10'000U);
  EXPECT_EQ(series.fills(), 0U);
}

TEST(SeriesTest, FoldsTheOldest3600WhenTheNextSampleFindsItFull) {
  Series series({});
  for (int i = 0; i < 10'000; ++i) (void)series.push({at(i), static_cast<double>(i)});
  const auto made = series.push({at(10'000), 10'000.0});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->from, at(0));
  EXPECT_EQ(made->to, at(3'599));
  EXPECT_EQ(made->count, 3'600U);
  EXPECT_EQ(made->min, 0);
  EXPECT_EQ(made->max, 3'599);
  EXPECT_DOUBLE_EQ(made->avg, 1'799.5);
  EXPECT_EQ(made->p95, 3'420);
  EXPECT_EQ(made->p99, 3'564);
  EXPECT_EQ(series.size(), 6'401U);
  EXPECT_EQ(series.oldest_raw()->at, at(3'600));
}

TEST(SeriesTest, KeepsAtMostThirtyAggregatesAndLosesTheOldest) {
  Series series({.raw = 10, .fold = 5, .aggregates = 30});
  for (int i = 0; i < 10 + 5 * 40; ++i) (void)series.push({at(i), 0});
  EXPECT_EQ(series.aggregates().size(), 30U);
  EXPECT_EQ(series.folds(), 40U);
  EXPECT_EQ(series.aggregates().front().from, at(5 * 10));
}

TEST(SeriesTest, DiscardsValuesThatAreNotFinite) {
  Series series({});
  (void)series.push({at(0), std::nan("")});
  (void)series.push({at(0), std::numeric_limits<double>::infinity()});
  EXPECT_EQ(series.size(), 0U);
  EXPECT_EQ(series.dropped(), 2U);
}

TEST(SeriesTest, SmoothsAStepBackOfOneSecondOverAndDiscardsTheFutureAfterALargerOne) {
  Series series({});
  for (int i = 0; i < 10; ++i) (void)series.push({at(i), static_cast<double>(i)});
  (void)series.push({at(8), 100});
  EXPECT_EQ(series.newest()->at, at(9));
  EXPECT_EQ(series.dropped(), 0U);
  (void)series.push({at(7), 200});
  EXPECT_EQ(series.dropped(), 3U) << "8, 9 and the smoothed one lay after 7";
  EXPECT_EQ(series.size(), 9U);
  EXPECT_EQ(series.newest()->value, 200);
}

TEST(SeriesTest, FoldsEarlyWhenItMayNotGrow) {
  Series series({.raw = 1'000, .fold = 360, .aggregates = 30});
  for (int i = 0; i < 64; ++i) (void)series.push({at(i), 0});
  const auto before = series.memory_bytes();
  EXPECT_TRUE(series.push({at(64), 0}, false));
  EXPECT_EQ(series.aggregates().front().count, 23U) << "36 % of 64";
  EXPECT_LE(series.memory_bytes(), before + 32 * sizeof(Aggregate));
}

TEST(SeriesTest, RestoresWhatWasSavedAndGoesOn) {
  Series series({});
  const Aggregate old{.from = at(0), .to = at(10), .count = 11, .avg = 1};
  const std::vector<Sample> raw = {{at(10), 0}, {at(11), 1}, {at(12), 2}, {at(11), 3}};
  series.restore(std::vector<Aggregate>{old}, raw);
  EXPECT_EQ(series.aggregates().size(), 1U);
  EXPECT_EQ(to_vector(series.raw_from(0)), (std::vector<Sample>{{at(11), 1}, {at(12), 2}}))
      << "10 is inside the aggregate, the second 11 out of order";
  EXPECT_EQ(series.unsaved(), 0U);
  (void)series.push({at(13), 3});
  EXPECT_EQ(series.unsaved(), 1U);
}

TEST(SeriesTest, CountsWhatIsNotSavedYet) {
  Series series({.raw = 10, .fold = 5, .aggregates = 30});
  for (int i = 0; i < 4; ++i) (void)series.push({at(i), 0});
  (void)series.begin_save();
  series.end_save(true);
  for (int i = 4; i < 7; ++i) (void)series.push({at(i), 0});
  EXPECT_EQ(series.unsaved(), 3U);
  EXPECT_EQ(to_vector(series.raw_from(series.size() - series.unsaved())).front().at, at(4));
}

TEST(SeriesTest, KeepsWhatAFailedSaveTookAndCountsWhatLeftUnsaved) {
  Series series({.raw = 10, .fold = 5, .aggregates = 30});
  for (int i = 0; i < 6; ++i) (void)series.push({at(i), 0});
  EXPECT_EQ(series.begin_save().size(), 6U);
  (void)series.push({at(6), 0});
  EXPECT_EQ(series.begin_save().size(), 1U) << "only what is not under way";
  series.end_save(false);
  EXPECT_EQ(series.unsaved(), 7U);
  EXPECT_EQ(series.begin_save().size(), 7U) << "again, all of it";
  for (int i = 7; i < 11; ++i) (void)series.push({at(i), 0});  // Folds five that are under way.
  EXPECT_EQ(series.unsaved_lost(), 0U);
  series.end_save(true);
  EXPECT_EQ(series.unsaved(), 4U);
  for (int i = 11; i < 25; ++i) (void)series.push({at(i), 0});
  EXPECT_EQ(series.unsaved(), series.size());
  EXPECT_EQ(series.unsaved_lost(), 8U) << "18 came and were never taken, 10 are there";
}

TEST(SeriesTest, AStepBackWhileASaveIsUnderWayDoesNotCallNewSamplesSaved) {
  Series series({});
  for (int i = 0; i < 10; ++i) (void)series.push({at(i), 0});
  EXPECT_EQ(series.begin_save().size(), 10U);
  (void)series.push({at(2), 1});  // Drops 3 to 9.
  (void)series.push({at(3), 1});
  series.end_save(true);
  EXPECT_EQ(series.unsaved(), 2U);
}

/// The same rules without a ring, binary search or growth.
struct NaiveSeries {
  SeriesLimits limits;
  std::deque<Sample> raw;
  std::deque<Aggregate> aggregates;

  void push(Sample s) {
    if (!raw.empty() && s.at < raw.back().at) {
      if (raw.back().at - s.at <= Seconds(1)) {
        s.at = raw.back().at;
      } else {
        while (!raw.empty() && raw.back().at > s.at) raw.pop_back();
        while (!aggregates.empty() && aggregates.back().to > s.at) aggregates.pop_back();
      }
    }
    if (raw.size() == limits.raw) {
      const std::vector<Sample> oldest(raw.begin(),
                                       raw.begin() + static_cast<std::ptrdiff_t>(limits.fold));
      aggregates.push_back(aggregate(oldest));
      if (aggregates.size() > limits.aggregates) aggregates.pop_front();
      raw.erase(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(limits.fold));
    }
    raw.push_back(s);
  }
  std::vector<Sample> window(WallTime from, WallTime to) const {
    std::vector<Sample> out;
    for (const auto& s : raw) {
      if (s.at >= from && s.at <= to) out.push_back(s);
    }
    return out;
  }
  std::vector<Aggregate> folded(WallTime from, WallTime to) const {
    std::vector<Aggregate> out;
    for (const auto& a : aggregates) {
      if (a.to >= from && a.from <= to) out.push_back(a);
    }
    return out;
  }
};

TEST(SeriesTest, EqualsTheNaiveModelOverRandomPushesJumpsAndQueries) {
  const SeriesLimits limits{.raw = 200, .fold = 72, .aggregates = 4};
  Series series(limits);
  NaiveSeries model{limits, {}, {}};
  SeededRandom random(3);
  std::int64_t ms = 0;
  for (int i = 0; i < 30'000; ++i) {
    ms += static_cast<std::int64_t>(random.below(1000));
    if (random.below(400) == 0) ms -= static_cast<std::int64_t>(random.below(60'000));
    const Sample sample{t0 + Millis(ms), random.uniform() * 100};
    (void)series.push(sample);
    model.push(sample);
    if (i % 37 != 0) continue;
    const WallTime from = t0 + Millis(ms - static_cast<std::int64_t>(random.below(200'000)));
    const WallTime to = from + Millis(random.below(100'000));
    ASSERT_EQ(to_vector(series.raw(from, to)), model.window(from, to));
    const auto folded = series.aggregates(from, to);
    ASSERT_EQ(std::vector<Aggregate>(folded.begin(), folded.end()), model.folded(from, to));
  }
  EXPECT_EQ(series.size(), model.raw.size());
}

}  // namespace
}  // namespace gk::monitor
