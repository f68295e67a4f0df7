#include "macros/rules/quarter_tally.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

using namespace std::chrono_literals;
using Parts = std::vector<std::pair<Quarter, Micros>>;

WallTime at(std::chrono::minutes since_epoch) { return WallTime(since_epoch); }

QuarterTally tally(std::uint64_t runs, std::optional<double> peak = std::nullopt) {
  QuarterTally out;
  out.runs = runs;
  out.demand_peak_pct = peak;
  return out;
}

TEST(QuarterOf, CountsDownwardsBeforeTheEpoch) {
  EXPECT_EQ(quarter_of(at(0min)), 0);
  EXPECT_EQ(quarter_of(at(15min) - Micros(1)), 0);
  EXPECT_EQ(quarter_of(at(15min)), 1);
  EXPECT_EQ(quarter_of(at(0min) - Micros(1)), -1);
  EXPECT_EQ(quarter_of(at(-15min)), -1);
}

TEST(SplitByQuarter, CutsAtTheQuarter) {
  EXPECT_EQ(split_by_quarter(at(10min), at(31min)), (Parts{{0, 5min}, {1, 15min}, {2, 1min}}));
  EXPECT_EQ(split_by_quarter(at(0min), at(15min)), (Parts{{0, 15min}}));
}

TEST(SplitByQuarter, CountsNothingWhenTheClockWasSetBack) {
  EXPECT_TRUE(split_by_quarter(at(2h), at(1h)).empty());
  EXPECT_TRUE(split_by_quarter(at(1h), at(1h)).empty());
}

TEST(AddTally, KeepsAnUnknownPeakUnknown) {
  QuarterTally sum = tally(1);
  add_tally(sum, tally(1));
  EXPECT_EQ(sum.demand_peak_pct, std::nullopt);
  add_tally(sum, tally(1, -1));
  EXPECT_EQ(sum.demand_peak_pct, -1);
  add_tally(sum, tally(1));
  EXPECT_EQ(sum.demand_peak_pct, -1);
  EXPECT_EQ(sum.runs, 4U);
}

TEST(AddTally, WeighsTheDemandByTime) {
  QuarterTally sum;
  EXPECT_EQ(sum.demand_mean_pct(), std::nullopt);
  sum.demand_known = 3s;
  sum.demand_pct_s = 3 * 10;
  QuarterTally more;
  more.demand_known = 1s;
  more.demand_pct_s = 50;
  add_tally(sum, more);
  EXPECT_DOUBLE_EQ(*sum.demand_mean_pct(), 20);
}

TEST(AddTally, AddsCancellationsByRule) {
  QuarterTally sum, more;
  sum.cancellations["fps"] = 1;
  more.cancellations = {{"fps", 2}, {"cpu", 1}};
  add_tally(sum, more);
  EXPECT_EQ(sum.cancellations.at("fps"), 3U);
  EXPECT_EQ(sum.cancelled(), 4U);
}

TEST(PendingTallies, RefusesWhatDoesNotFitAndCountsIt) {
  PendingTallies pending(2);
  ASSERT_NE(pending.at(1, "a", "A", ""), nullptr);
  ASSERT_NE(pending.at(1, "b", "B", ""), nullptr);
  EXPECT_EQ(pending.at(2, "a", "A", ""), nullptr);
  EXPECT_EQ(pending.lost(), 1U);
  EXPECT_NE(pending.at(1, "a", "A", ""), nullptr) << "that is there";
}

TEST(PendingTallies, KeepsGamesApartAndTheNewestName) {
  PendingTallies pending;
  pending.at(1, "a", "Old", "x")->runs = 1;
  pending.at(1, "a", "New", "x")->runs += 1;
  pending.at(1, "a", "New", "y")->runs = 7;
  const auto entries = pending.take();
  EXPECT_TRUE(pending.empty());
  EXPECT_EQ(entries.at({1, "a", "x"}).macro_name, "New");
  EXPECT_EQ(entries.at({1, "a", "x"}).tally.runs, 2U);
  EXPECT_EQ(entries.at({1, "a", "y"}).tally.runs, 7U);
}

TEST(PendingTallies, AddsWhatComesBackToWhatCameMeanwhile) {
  PendingTallies pending(2);
  pending.at(1, "a", "A", "")->runs = 1;
  pending.at(1, "b", "B", "")->runs = 1;
  auto unwritten = pending.take();
  pending.at(1, "a", "A", "")->runs = 5;
  pending.at(2, "a", "A", "")->runs = 5;
  pending.put_back(std::move(unwritten));
  EXPECT_EQ(pending.lost(), 1U) << "b has no room any more";
  EXPECT_EQ(pending.take().at({1, "a", ""}).tally.runs, 6U);
}

}  // namespace
}  // namespace gk::macros
