#include "macros/trend_reports.h"

#include "macros/routes.h"
#include "macros/service_fixture_test.h"
#include "macros/tally_store_fake_test.h"
#include "macros/time_zone.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

// The manual clock's now is 2026-01-01T00:00Z; the tests look back from the noon of 8 January.
class TrendReportsTest : public ServiceFixture {
 protected:
  TrendReportsTest() {
    clock.jump_wall(24h * 7 + 12h);
    tallies = std::make_unique<MacroTallies>(TalliesOptions{}, loop, clock, log, metrics, *service,
                                             observer, disk);
    rebuild({});
  }
  void rebuild(TrendReportLimits limits) {
    reports = std::make_unique<TrendReports>(
        loop, pool, clock,
        TrendSources{observer, *tallies, disk, [] { return std::vector<std::string>{"world"}; },
                     load_zone, [] { return std::string("UTC"); }},
        limits);
  }
  Result<JsonValue> report(TrendRequest request) {
    std::optional<Result<std::string>> answer;
    reports->run(std::move(request), [&](Result<std::string> r) { answer = std::move(r); });
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, 10s));
    if (!*answer) return answer->error();
    auto json = parse_json(**answer);
    EXPECT_TRUE(json) << **answer;
    return json;
  }
  std::string text(const TrendRequest& request) {
    const auto json = report(request);
    return json ? to_json(*json) : json.error().message;
  }
  // `macro_id` ran for `time` at `hours` before now.
  void ran(const std::string& macro_id, std::chrono::hours ago, Micros time,
           const std::string& game = "") {
    auto& entry = disk.rows[{quarter_of(clock.wall() - ago), macro_id, game}];
    entry.macro_name = macro_id + "!";
    entry.tally.runs += 1;
    entry.tally.run_time += time;
  }
  static std::string member(const JsonValue& object, std::string_view key) {
    const JsonValue* found = object.find(key);
    return found == nullptr ? "(none)" : to_json(*found);
  }
  static const JsonValue& first(const JsonValue& object, std::string_view key) {
    return object.find(key)->as_array().at(0);
  }

  FakeTallyStore disk{loop};
  std::unique_ptr<MacroTallies> tallies;
  std::unique_ptr<TrendReports> reports;
};

TEST_F(TrendReportsTest, TellsOneDayMoreForEachDayAskedForAndNullForThoseWithoutARun) {
  ran("heal", 30h, 60s);
  const auto json = report({.days = 3, .time_zone = {}, .macro_id = {}, .game = {}});
  ASSERT_TRUE(json);
  EXPECT_EQ(member(*json, "days"), R"(["2026-01-06","2026-01-07","2026-01-08"])");
  EXPECT_EQ(member(*json, "from"), R"("2026-01-06T00:00:00.000Z")");
  EXPECT_EQ(member(*json, "to"), R"("2026-01-08T12:00:00.000Z")");
  const JsonValue& heal = first(*json, "macros");
  EXPECT_EQ(member(heal, "macro_name"), R"("heal!")");
  const auto& days = heal.find("days")->as_array();
  ASSERT_EQ(days.size(), 3U);
  EXPECT_EQ(member(days[0], "run_time_s"), "(none)") << "the 6th ended 36 h ago";
  EXPECT_EQ(member(days[1], "run_time_s"), "60");
  EXPECT_TRUE(days[2].is_null());
}

TEST_F(TrendReportsTest, TellsADayWithoutTheDaemonFromOneWithoutAMacro) {
  const Quarter midnight = quarter_of(clock.wall() - 12h);
  disk.daemon[midnight - 3 * 96] = 15min;        // The 5th.
  disk.daemon[midnight - 96 + 95] = 7min + 30s;  // The 7th, its last quarter.
  disk.daemon[midnight] = 6h;                    // Today, of 12 h so far; it is flushed to now.
  const TrendRequest all{.days = 5, .time_zone = {}, .macro_id = {}, .game = {}};
  EXPECT_EQ(member(*report(all), "daemon_ran"),
            "[null,0.010416666666666666,0,0.005208333333333333,0.5]");
  const TrendRequest since{.days = 2, .time_zone = {}, .macro_id = "heal", .game = {}};
  EXPECT_EQ(member(*report(since), "daemon_ran"), "[0.005208333333333333,0.5]");
  disk.daemon.erase(disk.daemon.begin(), std::prev(disk.daemon.end()));
  EXPECT_EQ(member(*report(all), "daemon_ran"), "[null,null,null,null,0.5]")
      << "before the first row nothing tells";
}

TEST_F(TrendReportsTest, FoldsTheSameQuartersIntoTheDaysOfWhicheverZone) {
  ran("heal", 14h, 60s);  // 22:00 UTC on the 7th: 3:45 of the 8th in Kathmandu.
  const auto in_utc = report({.days = 2, .time_zone = "UTC", .macro_id = {}, .game = {}});
  EXPECT_TRUE(first(*in_utc, "macros").find("days")->as_array()[1].is_null());
  const auto there = report({.days = 2, .time_zone = "Asia/Kathmandu", .macro_id = {}, .game = {}});
  EXPECT_TRUE(first(*there, "macros").find("days")->as_array()[0].is_null());
  EXPECT_EQ(member(*there, "from"), R"("2026-01-06T18:15:00.000Z")");
}

TEST_F(TrendReportsTest, LeavesTodayOutOfATrend) {
  for (int day = 1; day <= 4; ++day) ran("heal", 24h * day, Seconds(600 - 100 * day));
  ran("heal", 1h, 1s);
  const auto json = report({.days = 7, .time_zone = {}, .macro_id = {}, .game = {}});
  const JsonValue& trend = *first(*json, "macros").find("trend");
  EXPECT_EQ(member(*trend.find("run_time_s"), "direction"), R"("rising")");
  EXPECT_EQ(member(*trend.find("run_time_s"), "per_day"), "100");
  EXPECT_EQ(member(trend, "demand_pct"), "null");
}

TEST_F(TrendReportsTest, CountsWhatIsNotOnDiskYet) {
  ASSERT_TRUE(start(external("heal")));
  clock.advance(5s);
  const auto json = report({.days = 1, .time_zone = {}, .macro_id = {}, .game = {}});
  EXPECT_EQ(member(first(first(*json, "macros"), "days"), "run_time_s"), "5");
}

TEST_F(TrendReportsTest, TellsThoseThatRanLongestAndSaysThatThereAreMore) {
  rebuild({.macros = 2});
  ran("a", 1h, 1s);
  ran("b", 1h, 3s);
  ran("c", 1h, 2s);
  const auto json = report({.days = 1, .time_zone = {}, .macro_id = {}, .game = {}});
  EXPECT_EQ(member(*json, "truncated"), "true");
  const auto& macros = json->find("macros")->as_array();
  ASSERT_EQ(macros.size(), 2U);
  EXPECT_EQ(member(macros[0], "macro_id"), R"("b")");
  EXPECT_EQ(member(macros[1], "macro_id"), R"("c")");
}

TEST_F(TrendReportsTest, FoldsSignalsOfTheMachineAndOfItsGames) {
  const WallTime now = clock.wall();
  RecordedSeries cpu{"cpu_usage", "", {}, {}};
  for (int i = 0; i < 60; ++i) cpu.raw.push_back({now - 26h + 1s * i, 50});
  observer.recorded = {cpu, {"tick_ratio", "game:world", {{now - 1h, 0.5}}, {}}};
  const auto json = report({.days = 2, .time_zone = {}, .macro_id = {}, .game = {}});
  const auto& rows = json->find("metrics")->as_array();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(member(rows[0], "metric") + member(rows[0], "game") + member(rows[0], "unit"),
            R"("cpu_usage"null"%")");
  EXPECT_EQ(member(first(rows[0], "days"), "count"), "60");
  EXPECT_EQ(member(rows[1], "game"), R"("world")");
  EXPECT_EQ(text({.days = 2, .time_zone = {}, .macro_id = {}, .game = "world"}).find("cpu_usage"),
            std::string::npos)
      << "of one game: not the machine's";
}

TEST_F(TrendReportsTest, AnswersWhoAsksForTheSameOnce) {
  int answers = 0;
  for (int i = 0; i < 50; ++i) {
    reports->run({.days = 7, .time_zone = {}, .macro_id = {}, .game = {}},
                 [&](const Result<std::string>& r) { answers += r ? 1 : 0; });
  }
  EXPECT_TRUE(loop.run_until([&] { return answers == 50; }, 10s)) << answers;
}

TEST_F(TrendReportsTest, RefusesWhatDoesNotFitAndFinishesTheRest) {
  rebuild({.macros = 200, .games = 16, .waiting = 2});
  int made = 0, refused = 0;
  for (std::size_t days = 1; days <= 5; ++days) {
    reports->run({.days = days, .time_zone = {}, .macro_id = {}, .game = {}},
                 [&](const Result<std::string>& r) {
                   made += r ? 1 : 0;
                   refused += !r && r.error().code == Errc::resource_exhausted ? 1 : 0;
                 });
  }
  EXPECT_EQ(refused, 2);
  EXPECT_TRUE(loop.run_until([&] { return made == 3; }, 10s));
}

TEST_F(TrendReportsTest, SaysThatThereIsNoSuchZoneAndGoesOn) {
  const auto json = report({.days = 1, .time_zone = "Nowhere/Land", .macro_id = {}, .game = {}});
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().code, Errc::invalid_argument);
  EXPECT_TRUE(report({.days = 1, .time_zone = {}, .macro_id = {}, .game = {}}));
}

TEST_F(TrendReportsTest, SaysWhenTheStoreCannotBeReadAndGoesOn) {
  disk.broken = true;
  EXPECT_EQ(report({.days = 1, .time_zone = {}, .macro_id = {}, .game = {}}).error().message,
            "the disk is full");
  disk.broken = false;
  EXPECT_TRUE(report({.days = 1, .time_zone = {}, .macro_id = {}, .game = {}}));
}

// What quarters rest on. Until 2022 a few zones changed a minute past the hour: tallies are not
// kept that long.
TEST(TimeZoneTest, EveryZoneIsWholeQuartersFromUtcAndChangesAtOne) {
  constexpr WallTime kSince(Seconds(1'672'531'200));  // 2023-01-01
  std::size_t zones = 0, odd_offsets = 0, odd_changes = 0;
  for (const auto& name : known_zone_names()) {
    const auto zone = load_zone(name);
    ASSERT_TRUE(zone) << name;
    ++zones;
    for (const auto& change : zone->changes) {
      odd_offsets += change.offset % kQuarter == Micros(0) ? 0 : 1;
      const bool counts = change.at >= kSince;
      odd_changes += counts && change.at.time_since_epoch() % kQuarter != Micros(0) ? 1 : 0;
    }
  }
  EXPECT_GT(zones, 300U);
  EXPECT_EQ(odd_offsets, 0U);
  EXPECT_EQ(odd_changes, 0U);
}

}  // namespace
}  // namespace gk::macros
