#include "macros/rules/day_trend.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <numeric>

#include "macros/rules/quarter_tally.h"
#include "testing/seeded_random.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;
using Values = std::vector<std::optional<double>>;

WallTime at(std::chrono::minutes since_epoch) { return WallTime(since_epoch); }
WallTime utc(int year, unsigned month, unsigned day, std::chrono::minutes time = 0min) {
  return WallTime(std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) /
                                        static_cast<int>(day))
                      .time_since_epoch() +
                  time);
}

Zone berlin() {
  return {"Europe/Berlin",
          {{utc(2025, 10, 26, 1h), 3600s},
           {utc(2026, 3, 29, 1h), 7200s},
           {utc(2026, 10, 25, 1h), 3600s}}};
}
Zone kathmandu() { return {"Asia/Kathmandu", {{utc(2000, 1, 1), 20'700s}}}; }
// The calendar had no 30 December 2011 there.
Zone apia() {
  return {"Pacific/Apia", {{utc(2011, 9, 24, 14h), -36'000s}, {utc(2011, 12, 30, 10h), 50'400s}}};
}

TEST(DayText, WritesADateOfTheCalendar) {
  EXPECT_EQ(day_text(0), "1970-01-01");
  EXPECT_EQ(day_text(-1), "1969-12-31");
  EXPECT_EQ(day_text(19'782), "2024-02-29");
}

TEST(DayRow, EndsWithTodayOfTheZone) {
  const DayRow days(kathmandu(), utc(2026, 11, 28, 18h + 15min), 3);
  EXPECT_EQ(days.text(2), "2026-11-29") << "18:15 UTC is midnight there";
  EXPECT_EQ(days.from(), utc(2026, 11, 26, 18h + 15min));
  EXPECT_EQ(days.index(utc(2026, 11, 28, 18h)), 1U);
  EXPECT_EQ(days.index(utc(2026, 11, 28, 18h + 15min)), 2U);
  EXPECT_EQ(days.index(utc(2026, 11, 26, 18h)), std::nullopt);
  EXPECT_EQ(days.index(utc(2026, 11, 28, 18h + 16min)), std::nullopt) << "after now";
}

TEST(DayRow, KnowsDaysOf23And25Hours) {
  const DayRow spring(berlin(), utc(2026, 3, 30, 12h), 3);
  EXPECT_EQ(spring.from(), utc(2026, 3, 27, 23h));
  EXPECT_EQ(spring.length(0), 24h);
  EXPECT_EQ(spring.length(1), 23h);
  EXPECT_EQ(spring.length(2), 14h) << "today so far";
  const DayRow autumn(berlin(), utc(2026, 10, 26, 12h), 2);
  EXPECT_EQ(autumn.from(), utc(2026, 10, 24, 22h));
  EXPECT_EQ(autumn.length(0), 25h);
}

TEST(DayRow, GivesADayThatTheCalendarLeftOutNoLength) {
  const DayRow days(apia(), utc(2011, 12, 31, 0h), 3);
  EXPECT_EQ(days.text(1), "2011-12-30");
  EXPECT_EQ(days.length(0), 24h);
  EXPECT_EQ(days.length(1), 0h);
  EXPECT_EQ(days.length(2), 14h);
}

TEST(DayRow, GivesTheEveningBackToTheDayWhenMidnightComesTwice) {
  const Zone zone{"Test/Midnight", {{at(0min), 3600s}, {at(23h), 0s}}};
  const DayRow days(zone, at(25h), 2);
  EXPECT_EQ(days.length(0), 24h) << "23 h, and the last of them again";
  EXPECT_EQ(days.length(1), 1h);
}

TEST(DayRow, SplitsARunOverMidnight) {
  const DayRow days(berlin(), utc(2026, 11, 28, 12h), 2);
  std::map<std::size_t, Micros> parts;
  days.split(utc(2026, 11, 27, 22h), utc(2026, 11, 28, 1h),
             [&](std::size_t day, Micros part) { parts[day] += part; });
  EXPECT_EQ(parts, (std::map<std::size_t, Micros>{{0, 1h}, {1, 2h}}));
}

// The naive model: every minute of every run, one by one, against runs that were cut into quarters
// of UTC and folded into the days of a zone.
using Fold = std::function<std::optional<std::size_t>(const DayRow&, Quarter)>;

bool agrees_with_minutes(const Zone& zone, WallTime now, const Fold& fold, std::uint64_t seed) {
  SeededRandom random(seed);
  const DayRow days(zone, now, 5);
  std::vector<Micros> folded(5), naive(5);
  for (int run = 0; run < 50; ++run) {
    const WallTime from = now - std::chrono::minutes(random.below(6 * 1440));
    const WallTime to = from + std::chrono::minutes(random.below(1440));
    for (const auto& [quarter, part] : split_by_quarter(from, std::min(to, now))) {
      if (const auto day = fold(days, quarter)) folded[*day] += part;
    }
    for (WallTime m = from; m < std::min(to, now); m += 1min) {
      const LocalDay day = local_day(m, zone) - local_day(now, zone) + 4;
      if (day >= 0) naive[static_cast<std::size_t>(day)] += 1min;
    }
  }
  return folded == naive;
}

std::optional<std::size_t> real_fold(const DayRow& days, Quarter quarter) {
  return days.index(quarter_start(quarter));
}

TEST(DayRow, QuartersFoldIntoTheDaysOfAnyZoneWithoutALoss) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_TRUE(agrees_with_minutes(berlin(), utc(2026, 3, 31, 12h), real_fold, seed));
    EXPECT_TRUE(agrees_with_minutes(berlin(), utc(2026, 10, 27, 1h), real_fold, seed));
    EXPECT_TRUE(agrees_with_minutes(kathmandu(), utc(2026, 11, 28, 3h), real_fold, seed));
    EXPECT_TRUE(agrees_with_minutes(apia(), utc(2012, 1, 1, 3h), real_fold, seed));
  }
}

TEST(DayRow, ModelFindsAFoldThatTakesUtcDays) {
  const Fold planted = [](const DayRow& days, Quarter quarter) -> std::optional<std::size_t> {
    const DayRow utc_days(Zone{}, days.to(), days.size());
    return utc_days.index(quarter_start(quarter));
  };
  EXPECT_FALSE(agrees_with_minutes(kathmandu(), utc(2026, 11, 28, 3h), planted, 1));
}

TEST(DayRow, ModelFindsAFoldThatTakesTodaysOffsetForAllDays) {
  const Fold planted = [](const DayRow& days, Quarter quarter) -> std::optional<std::size_t> {
    const Zone fixed{"", {{WallTime::min(), days.zone().at(days.to()).offset}}};
    return DayRow(fixed, days.to(), days.size()).index(quarter_start(quarter));
  };
  EXPECT_FALSE(agrees_with_minutes(berlin(), utc(2026, 3, 31, 12h), planted, 1));
}

TEST(DayTrend, NeedsThreeDaysWithData) {
  EXPECT_FALSE(day_trend(Values{1.0, std::nullopt, 2.0}));
  EXPECT_FALSE(day_trend(Values{}));
  const auto trend = day_trend(Values{1.0, std::nullopt, 2.0, 2.5});
  ASSERT_TRUE(trend);
  EXPECT_NEAR(trend->per_day, 0.5, 1e-9) << "a day without data is a gap, not a 0";
  EXPECT_EQ(trend->direction, TrendDirection::rising);
}

TEST(DayTrend, IsTheLeastSquaresSlope) {
  // By hand: x = 0..3, mean y = 3, xy = -1.5·-2 + -0.5·0 + 0.5·-1 + 1.5·3 = 7, xx = 5.
  EXPECT_NEAR(day_trend(Values{1.0, 3.0, 2.0, 6.0})->per_day, 1.4, 1e-9);
}

TEST(DayTrend, ChangesDirectionAtATenthOfTheMean) {
  // The line goes from 95 to 105: 10 % of 100. A hair less is steady.
  EXPECT_EQ(day_trend(Values{95.0, 100.0, 105.0})->direction, TrendDirection::rising);
  EXPECT_EQ(day_trend(Values{105.0, 100.0, 95.0})->direction, TrendDirection::falling);
  EXPECT_EQ(day_trend(Values{95.1, 100.0, 104.9})->direction, TrendDirection::steady);
}

TEST(DayTrend, CallsNoiseSteady) {
  EXPECT_EQ(day_trend(Values{10.0, 90.0, 10.0, 90.0, 10.0, 90.0})->direction,
            TrendDirection::steady);
  EXPECT_EQ(day_trend(Values{0.0, 0.0, 0.0})->direction, TrendDirection::steady);
}

TEST(DayTrend, ReadsTheAmountOfANegativeMean) {
  EXPECT_EQ(day_trend(Values{-95.0, -100.0, -105.0})->direction, TrendDirection::falling);
  EXPECT_EQ(day_trend(Values{-1.0, 0.0, 1.0})->direction, TrendDirection::rising);
}

}  // namespace
}  // namespace gk::macros
