#include "macros/rules/schedule.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "testing/seeded_random.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

WallTime at(const char* text) { return parse_rfc3339(text).value(); }

// Berlin 2026: clocks go forward on 29 March and back on 25 October, both at 01:00 UTC.
Zone berlin() {
  return {"Europe/Berlin",
          {{at("2025-10-26T01:00:00Z"), 3600s},
           {at("2026-03-29T01:00:00Z"), 7200s},
           {at("2026-10-25T01:00:00Z"), 3600s},
           {at("2027-03-28T01:00:00Z"), 7200s}}};
}
// Lord Howe: the change is half an hour. Samoa left out 30 December 2011.
Zone lord_howe() {
  return {"Australia/Lord_Howe",
          {{at("2025-10-04T15:30:00Z"), 39600s},
           {at("2026-04-04T15:00:00Z"), 37800s},
           {at("2026-10-03T15:30:00Z"), 39600s}}};
}
Zone samoa() {
  return {"Pacific/Apia",
          {{at("2011-09-24T14:00:00Z"), -36000s}, {at("2011-12-30T10:00:00Z"), 50400s}}};
}

Schedule read(const std::string& json) { return read_schedule(parse_json(json).value()).value(); }
Schedule cron(const std::string& line) { return read("{\"cron\":\"" + line + "\"}"); }

std::string next(const Schedule& schedule, const Zone& zone, const char* after) {
  const auto found = next_time(schedule, zone, at(after));
  return found ? rfc3339(*found) : "never";
}

TEST(Cron, ReadsEveryForm) {
  const Cron c = Cron::parse("*/15 8-10,22 1 jan-mar mon,7").value();
  EXPECT_TRUE(c.minute_matches(8, 45));
  EXPECT_FALSE(c.minute_matches(8, 44));
  EXPECT_TRUE(c.minute_matches(22, 0));
  EXPECT_FALSE(c.minute_matches(11, 0));
  EXPECT_TRUE(c.day_matches(1, 1, 3));
  EXPECT_TRUE(c.day_matches(2, 9, 0));
  EXPECT_FALSE(c.day_matches(2, 9, 2));
  EXPECT_FALSE(c.day_matches(4, 1, 1));
}

TEST(Cron, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(Cron::parse("60 * * * *").error().message,
            "cron, minute \"60\": expected numbers in range (0 to 59)");
  EXPECT_EQ(Cron::parse("* * * *").error().message,
            "cron: expected five fields (minute hour day month weekday), got 4");
  EXPECT_FALSE(Cron::parse("5-1 * * * *"));
  EXPECT_FALSE(Cron::parse("*/0 * * * *"));
  EXPECT_FALSE(Cron::parse("1, * * * *"));
  EXPECT_FALSE(Cron::parse("* * 0 * *"));
  EXPECT_FALSE(Cron::parse("* * * 13 *"));
  EXPECT_FALSE(Cron::parse("* * * * x"));
}

TEST(Schedule, MovesAFixedHourBehindTheGap) {
  EXPECT_EQ(next(cron("30 2 * * *"), berlin(), "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00.000Z");
  EXPECT_EQ(next(cron("30 2 * * *"), berlin(), "2026-03-29T01:00:00Z"), "2026-03-30T00:30:00.000Z");
}

TEST(Schedule, StartsAFixedHourOnceWhenItComesTwice) {
  EXPECT_EQ(next(cron("30 2 * * *"), berlin(), "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00.000Z");
  EXPECT_EQ(next(cron("30 2 * * *"), berlin(), "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00.000Z");
}

TEST(Schedule, StartsEveryHourInBothPasses) {
  EXPECT_EQ(next(cron("30 * * * *"), berlin(), "2026-10-25T00:30:00Z"), "2026-10-25T01:30:00.000Z");
  EXPECT_EQ(next(cron("30 * * * *"), berlin(), "2026-03-29T00:30:00Z"), "2026-03-29T01:30:00.000Z");
}

TEST(Schedule, FindsTheTwentyNinthOfFebruary) {
  EXPECT_EQ(next(cron("0 12 29 2 *"), {}, "2026-01-01T00:00:00Z"), "2028-02-29T12:00:00.000Z");
  EXPECT_EQ(next(cron("0 12 30 2 *"), {}, "2026-01-01T00:00:00Z"), "never");
}

TEST(Schedule, StartsInsideWindowsOnly) {
  const auto s =
      read(R"({"cron":"0 * * * *","windows":[{"start":"22:00","end":"02:00","days":"fri"}]})");
  EXPECT_EQ(next(s, {}, "2026-01-01T00:00:00Z"), "2026-01-02T22:00:00.000Z");  // a Friday
  EXPECT_EQ(next(s, {}, "2026-01-02T23:30:00Z"), "2026-01-03T00:00:00.000Z");
  EXPECT_EQ(next(s, {}, "2026-01-03T01:00:00Z"), "2026-01-09T22:00:00.000Z");
}

TEST(Schedule, StartsWithAWindowAndEndsWithIt) {
  const auto s = read(R"({"windows":[{"start":"08:00","end":"12:30"}]})");
  EXPECT_EQ(next(s, {}, "2026-01-01T09:00:00Z"), "2026-01-02T08:00:00.000Z");
  EXPECT_EQ(window_end(s, {}, at("2026-01-01T08:00:00Z")), at("2026-01-01T12:30:00Z"));
  EXPECT_EQ(window_end(s, {}, at("2026-01-01T12:30:00Z")), std::nullopt);
}

TEST(Schedule, SaysWhatIsWrongInAWindow) {
  const auto bad =
      read_schedule(parse_json(R"({"windows":[{"start":"8:00","end":"24:00"}]})").value());
  EXPECT_EQ(bad.error().message,
            "windows[0].start: expected HH:MM; windows[0].end: expected HH:MM");
  EXPECT_FALSE(read_schedule(parse_json("{}").value()));
  EXPECT_FALSE(read_schedule(parse_json(R"({"cron":"* * * * *","x":1})").value()));
}

/// Minute after minute, as a clock on the wall would show: the rule of schedule.h in other words.
std::optional<WallTime> brute(const Schedule& s, const Zone& zone, WallTime after, int days,
                              bool planted_bug = false) {
  const auto shows = [&](WallTime t) {
    const auto local = t.time_since_epoch() + zone.at(t).offset;
    return std::chrono::floor<std::chrono::minutes>(local);
  };
  const auto fits = [&](std::chrono::minutes local) {
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const int minute = static_cast<int>((local - day).count());
    return s.cron->day_matches(
               static_cast<int>(unsigned(date.month())), static_cast<int>(unsigned(date.day())),
               static_cast<int>(std::chrono::weekday(std::chrono::sys_days(day)).c_encoding())) &&
           s.cron->minute_matches(minute / 60, minute % 60);
  };
  const bool fixed = !s.cron->every_hour();
  WallTime t(std::chrono::floor<std::chrono::minutes>(after.time_since_epoch()) + 1min);
  for (int i = 0; i < days * 1440; ++i, t += 1min) {
    const auto now = shows(t), before = shows(t - 1min);
    if (fixed) {
      for (auto skipped = before + 1min; skipped < now; skipped += 1min) {
        if (fits(skipped) && !planted_bug) return t;
      }
      bool second = false;  // The same local minute has been before.
      for (auto back = 1min; back <= 120min && !second; back += 1min)
        second = shows(t - back) == now;
      if (second) continue;
    }
    if (fits(now)) return t;
  }
  return std::nullopt;
}

struct Season {
  Zone zone;
  WallTime from;
};

class ScheduleProperty : public testing::Test {
 protected:
  std::string random_cron() {
    static constexpr const char* kMinutes[] = {"0", "30", "*/7", "15,45", "59"};
    static constexpr const char* kHours[] = {"*", "2", "1-3", "*/5", "0", "23", "1", "3"};
    static constexpr const char* kDays[] = {"*", "*", "*", "25-31", "4"};
    static constexpr const char* kWeekdays[] = {"*", "*", "sun", "sat-sat"};
    return std::string(kMinutes[random.below(5)]) + " " + kHours[random.below(8)] + " " +
           kDays[random.below(5)] + " * " + kWeekdays[random.below(4)];
  }
  WallTime random_time(const Season& season) {
    return season.from + Seconds(static_cast<std::int64_t>(random.below(4 * 86'400)));
  }
  SeededRandom random{11};
  const std::vector<Season> seasons = {
      {berlin(), at("2026-03-27T12:00:00Z")},    {berlin(), at("2026-10-23T12:00:00Z")},
      {lord_howe(), at("2026-04-02T12:00:00Z")}, {lord_howe(), at("2026-10-01T12:00:00Z")},
      {samoa(), at("2011-12-28T12:00:00Z")},     {Zone{}, at("2026-06-01T00:00:00Z")}};
};

TEST_F(ScheduleProperty, AgreesWithAWallClockInTheNightsThatChange) {
  int compared = 0;
  for (int round = 0; round < 1'200; ++round) {
    const Season& season = seasons[random.below(seasons.size())];
    const std::string line = random_cron();
    const Schedule schedule = cron(line);
    const WallTime after = random_time(season);
    const auto expected = brute(schedule, season.zone, after, 9);
    if (!expected) continue;
    ++compared;
    const auto found = next_time(schedule, season.zone, after);
    ASSERT_EQ(found, expected) << line << " in " << season.zone.name << " after " << rfc3339(after)
                               << ": " << (found ? rfc3339(*found) : "never") << ", not "
                               << rfc3339(*expected);
  }
  EXPECT_GT(compared, 900);
}

TEST_F(ScheduleProperty, WouldNoticeASkippedHourThatIsForgotten) {
  int differs = 0;
  for (int round = 0; round < 300; ++round) {
    const Schedule schedule = cron("30 2 * * *");
    const WallTime after = random_time(seasons[0]);
    if (brute(schedule, seasons[0].zone, after, 9, true) !=
        next_time(schedule, seasons[0].zone, after)) {
      ++differs;
    }
  }
  EXPECT_GT(differs, 10);
}

}  // namespace
}  // namespace gk::macros
