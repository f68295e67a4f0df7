#include "macros/rules/day_trend.h"

#include <gtest/gtest.h>

#include <functional>

#include "testing/seeded_random.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;
using Parts = std::vector<std::pair<LocalDay, Micros>>;

WallTime at(std::chrono::minutes since_epoch) { return WallTime(since_epoch); }

// Two hours ahead, from 10:00 on the third day back to one hour ahead; before the epoch UTC.
Zone changing_zone() { return {"Test/Zone", {{at(0min), 7200s}, {at(58h), 3600s}}}; }

DayTally peak(std::optional<double> value) {
  DayTally out;
  out.peak_demand_pct = value;
  return out;
}

DayTally one_run() {
  DayTally out;
  out.runs = 1;
  return out;
}

TEST(SplitByDay, CutsAtLocalMidnight) {
  const Zone zone{"Test/Ahead", {{at(0min), 7200s}}};
  EXPECT_EQ(split_by_day(at(21h), at(23h), zone), (Parts{{0, 1h}, {1, 1h}}));
  EXPECT_EQ(split_by_day(at(21h), at(22h), zone), (Parts{{0, 1h}}));
}

TEST(SplitByDay, CountsAnHourThatComesTwiceOnOneDay) {
  EXPECT_EQ(split_by_day(at(46h), at(71h), changing_zone()), (Parts{{2, 25h}}));
}

TEST(SplitByDay, GivesTheEveningBackToTheDayWhenMidnightComesTwice) {
  const Zone zone{"Test/Midnight", {{at(0min), 3600s}, {at(23h), 0s}}};
  EXPECT_EQ(split_by_day(at(22h), at(25h), zone), (Parts{{0, 2h}, {1, 1h}}));
}

TEST(SplitByDay, CountsNothingWhenTheClockWasSetBack) {
  EXPECT_TRUE(split_by_day(at(2h), at(1h), Zone{}).empty());
  EXPECT_TRUE(split_by_day(at(1h), at(1h), Zone{}).empty());
}

TEST(AddTally, KeepsAnUnknownPeakUnknown) {
  DayTally sum = peak(std::nullopt);
  add_tally(sum, peak(std::nullopt));
  EXPECT_EQ(sum.peak_demand_pct, std::nullopt);
  add_tally(sum, peak(-1));
  EXPECT_EQ(sum.peak_demand_pct, -1);
  add_tally(sum, peak(std::nullopt));
  EXPECT_EQ(sum.peak_demand_pct, -1);
}

TEST(DayTrends, DropsTheDayBeforeTheLastNinety) {
  DayTrends trends;
  trends.add("heal", 0, one_run());
  trends.add("heal", 89, one_run());
  EXPECT_EQ(trends.find("heal")->size(), 2U);
  trends.add("heal", 90, one_run());
  EXPECT_EQ(trends.find("heal")->begin()->first, 89);
  EXPECT_FALSE(trends.add("heal", 0, one_run()));
  EXPECT_EQ(trends.find("heal")->size(), 2U);
}

TEST(DayTrends, LeastActiveMacroLosesToANewOne) {
  DayTrends trends({.days = 90, .macros = 2});
  trends.add("busy", 1, one_run());
  trends.add("busy", 1, one_run());
  trends.add("idle", 2, one_run());
  trends.add("new", 3, DayTally{});
  EXPECT_EQ(trends.size(), 2U);
  EXPECT_EQ(trends.find("idle"), nullptr);
  EXPECT_NE(trends.find("busy"), nullptr);
}

TEST(DayTrends, OfEquallyActiveOnesTheLongestIdleLoses) {
  DayTrends trends({.days = 90, .macros = 2});
  trends.add("a", 9, one_run());
  trends.add("b", 3, one_run());
  trends.add("c", 9, one_run());
  EXPECT_EQ(trends.find("b"), nullptr);
}

TEST(DayTrends, RunCountsOnTheDayOfItsStart) {
  DayTrends trends;
  trends.add_run("heal", at(23h), at(25h), Zone{}, true);
  trends.add_run("heal", at(25h), at(26h), Zone{}, false);
  EXPECT_EQ(trends.find("heal")->at(0).runs, 1U);
  EXPECT_EQ(trends.find("heal")->at(0).run_time, Micros(1h));
  EXPECT_EQ(trends.find("heal")->at(1).runs, 0U);
  EXPECT_EQ(trends.find("heal")->at(1).run_time, Micros(2h));
}

// The naive model: every minute of every run, one by one.
using Fold = std::function<void(DayTrends&, WallTime, WallTime, const Zone&)>;

bool agrees_with_minutes(const Fold& fold, std::uint64_t seed) {
  SeededRandom random(seed);
  const Zone zone = changing_zone();
  DayTrends trends;
  DayTrends::Days naive;
  for (int run = 0; run < 50; ++run) {
    const std::chrono::minutes from(random.below(5 * 1440));
    const std::chrono::minutes length(random.below(2 * 1440));
    fold(trends, at(from), at(from + length), zone);
    ++naive[local_day(at(from), zone)].runs;
    for (auto m = from; m < from + length; m += 1min) {
      const Seconds offset = m < 58h ? 7200s : 3600s;
      naive[(m + offset) / 24h].run_time += 1min;
    }
  }
  return *trends.find("heal") == naive;
}

TEST(DayTrends, AgreesWithAModelThatCountsMinutes) {
  const Fold real = [](DayTrends& trends, WallTime from, WallTime to, const Zone& zone) {
    trends.add_run("heal", from, to, zone, true);
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) EXPECT_TRUE(agrees_with_minutes(real, seed));
}

TEST(DayTrends, ModelFindsAFoldThatDoesNotCutAtMidnight) {
  const Fold planted = [](DayTrends& trends, WallTime from, WallTime to, const Zone& zone) {
    DayTally all = one_run();
    all.run_time = to - from;
    trends.add("heal", local_day(from, zone), all);
  };
  EXPECT_FALSE(agrees_with_minutes(planted, 1));
}

TEST(DayTrends, ModelFindsAFoldThatTakesUtcDays) {
  const Fold planted = [](DayTrends& trends, WallTime from, WallTime to, const Zone&) {
    trends.add_run("heal", from, to, Zone{}, true);
  };
  EXPECT_FALSE(agrees_with_minutes(planted, 1));
}

}  // namespace
}  // namespace gk::macros
