#include "macros/rules/profile_window.h"

#include <gtest/gtest.h>

#include <set>

#include "base/clock.h"
#include "macros/rules/override_file.h"
#include "testing/seeded_random.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

WallTime at(const char* text) { return parse_rfc3339(text).value(); }

// Berlin 2026: clocks go forward on 29 March and back on 25 October, both at 01:00 UTC.
const Zone& berlin() {
  static const Zone zone{"Europe/Berlin",
                         {{at("2025-10-26T01:00:00Z"), 3600s},
                          {at("2026-03-29T01:00:00Z"), 7200s},
                          {at("2026-10-25T01:00:00Z"), 3600s},
                          {at("2027-03-28T01:00:00Z"), 7200s}}};
  return zone;
}

ProfileWindow window(const std::string& cron, Seconds duration, const std::string& name = "w") {
  ProfileWindow w;
  w.name = name;
  w.cron = Cron::parse(cron).value();
  w.cron_text = cron;
  w.time_zone = "Europe/Berlin";
  w.duration = duration;
  return w;
}
WindowState state(const std::vector<ProfileWindow>& windows, const char* when) {
  const std::vector<const Zone*> zones(windows.size(), &berlin());
  return window_at(windows, zones, at(when));
}
bool is_open(const ProfileWindow& w, const char* when) { return state({w}, when).open.has_value(); }

std::vector<ProfileWindow> read(const std::string& json) {
  std::vector<std::pair<std::string, std::string>> complaints;
  const auto value = parse_json(json).value();
  auto windows = read_profile_windows(value, "windows", complaints, {});
  EXPECT_TRUE(complaints.empty()) << complaints.front().first << complaints.front().second;
  return windows;
}
std::vector<std::pair<std::string, std::string>> complaints_of(const std::string& json) {
  std::vector<std::pair<std::string, std::string>> complaints;
  const auto value = parse_json(json).value();
  (void)read_profile_windows(value, "windows", complaints,
                             [](const std::string& zone) { return zone == "UTC"; });
  return complaints;
}

TEST(WindowAt, IsOpenFromTheStartToTheMomentBeforeItsEnd) {
  const ProfileWindow night = window("0 22 * * *", 8h);
  EXPECT_FALSE(is_open(night, "2026-01-10T20:59:59Z"));
  EXPECT_TRUE(is_open(night, "2026-01-10T21:00:00Z"));
  EXPECT_TRUE(is_open(night, "2026-01-11T04:59:59Z"));
  EXPECT_FALSE(is_open(night, "2026-01-11T05:00:00Z"));
}

TEST(WindowAt, SaysUntilWhenThatIsCertain) {
  const std::vector<ProfileWindow> night{window("0 22 * * *", 8h)};
  EXPECT_EQ(state(night, "2026-01-10T12:00:00Z").until, at("2026-01-10T21:00:00Z"));
  EXPECT_EQ(state(night, "2026-01-10T23:00:00Z").until, at("2026-01-11T05:00:00Z"));
  EXPECT_EQ(state({}, "2026-01-10T23:00:00Z").until, WallTime::max());
}

std::vector<WindowStart> next(const std::vector<ProfileWindow>& windows, const char* after,
                              std::size_t count) {
  const std::vector<const Zone*> zones(windows.size(), &berlin());
  return next_windows(windows, zones, at(after), count);
}

TEST(NextWindows, MixesTheWindowsSoonestFirstAndTheFirstOfTheListAtTheSameMoment) {
  const std::vector<ProfileWindow> three{window("0 22 * * *", 8h, "night"),
                                         window("0 22 * * 6", 1h, "saturday"),
                                         window("0 12 * * *", 1h, "noon")};
  const std::vector<WindowStart> expected{
      {2, at("2026-01-10T11:00:00Z"), at("2026-01-10T12:00:00Z")},
      {0, at("2026-01-10T21:00:00Z"), at("2026-01-11T05:00:00Z")},
      {1, at("2026-01-10T21:00:00Z"), at("2026-01-10T22:00:00Z")},
      {2, at("2026-01-11T11:00:00Z"), at("2026-01-11T12:00:00Z")}};
  EXPECT_EQ(next(three, "2026-01-10T08:00:00Z", 4), expected);
}

TEST(NextWindows, LeavesOutTheMomentItselfAndOpensAtTheHourOfTheWallAcrossTheChange) {
  const std::vector<ProfileWindow> night{window("0 22 * * *", 8h)};
  const std::vector<WindowStart> expected{
      {0, at("2026-03-29T20:00:00Z"), at("2026-03-30T04:00:00Z")}};
  EXPECT_EQ(next(night, "2026-03-28T21:00:00Z", 1), expected);
}

TEST(NextWindows, EachIsTheMomentAtWhichTheStateSaysThatItOpens) {
  SeededRandom random(7);
  const std::vector<ProfileWindow> one{window("17 2,14 * * *", 3h)};
  WallTime now = at("2026-03-01T00:00:00Z");
  for (int i = 0; i < 500; ++i, now += Seconds(random.below(86'400 * 2))) {
    const std::vector<const Zone*> zones{&berlin()};
    const auto starts = next_windows(one, zones, now, 1);
    ASSERT_EQ(starts.size(), 1U);
    const WallTime::duration tick(1);
    EXPECT_FALSE(window_at(one, zones, starts[0].from - tick).open);
    EXPECT_TRUE(window_at(one, zones, starts[0].from).open);
    EXPECT_TRUE(window_at(one, zones, starts[0].to - tick).open);
    EXPECT_FALSE(window_at(one, zones, starts[0].to).open);
  }
}

TEST(NextWindows, SaysNothingOfALineThatNeverComesOrAZoneThatIsNotKnown) {
  const std::vector<ProfileWindow> two{window("0 0 30 2 *", 1h, "never"),
                                       window("0 22 * * *", 8h, "nowhere")};
  const std::vector<const Zone*> zones{&berlin(), nullptr};
  EXPECT_TRUE(next_windows(two, zones, at("2026-01-10T08:00:00Z"), 3).empty());
}

TEST(WindowAt, TheFirstInTheListHoldsWhenTwoAreOpen) {
  const std::vector<ProfileWindow> both{window("0 22 * * *", 8h, "night"),
                                        window("0 20 * * *", 4h, "evening")};
  EXPECT_EQ(state(both, "2026-01-10T20:00:00Z").open, 1U);
  EXPECT_EQ(state(both, "2026-01-10T21:30:00Z").open, 0U);
  EXPECT_EQ(state(both, "2026-01-10T21:30:00Z").until, at("2026-01-10T23:00:00Z"));
}

TEST(WindowAt, BeginsBehindTheGapAndLastsItsWholeTime) {
  const ProfileWindow w = window("30 2 * * *", 1h);
  EXPECT_FALSE(is_open(w, "2026-03-29T00:59:59Z"));
  EXPECT_TRUE(is_open(w, "2026-03-29T01:00:00Z"))
      << "03:00, the first moment after 02:30 is skipped";
  EXPECT_TRUE(is_open(w, "2026-03-29T01:59:59Z"));
  EXPECT_FALSE(is_open(w, "2026-03-29T02:00:00Z"));
}

TEST(WindowAt, BeginsOnceInTheHourThatComesTwice) {
  const ProfileWindow w = window("30 2 * * *", 30min);
  EXPECT_TRUE(is_open(w, "2026-10-25T00:30:00Z")) << "02:30 summer time";
  EXPECT_FALSE(is_open(w, "2026-10-25T01:30:00Z")) << "02:30 again";
}

TEST(WindowAt, ANightOfTheChangeIsAsLongAsAnyOther) {
  const ProfileWindow night = window("0 22 * * *", 8h);
  EXPECT_TRUE(is_open(night, "2026-10-25T03:59:59Z"));
  EXPECT_FALSE(is_open(night, "2026-10-25T04:00:00Z")) << "05:00 by the clock on the wall";
}

TEST(WindowAt, AWindowWhoseZoneIsNotKnownNeverOpens) {
  const std::vector<ProfileWindow> windows{window("* * * * *", 60s)};
  const std::vector<const Zone*> zones{nullptr};
  const WindowState none = window_at(windows, zones, at("2026-01-10T12:00:00Z"));
  EXPECT_FALSE(none.open);
  EXPECT_EQ(none.until, WallTime::max());
}

// The naive model: walks minute by minute and knows nothing of changes of the clock but the offset.
class NaiveModel {
 public:
  NaiveModel(const Cron& cron, WallTime from, WallTime to) {
    std::set<std::int64_t> seen;  // Local minutes that have been.
    std::int64_t last = 0;
    for (WallTime t = from - 3h; t < to; t += 1min) {
      const auto local =
          std::chrono::floor<std::chrono::minutes>(t.time_since_epoch() + berlin().at(t).offset);
      const std::int64_t minute = local.count();
      bool starts = matches(cron, minute) && (cron.every_hour() || seen.count(minute) == 0);
      for (std::int64_t skipped = last + 1; last != 0 && skipped < minute; ++skipped) {
        starts = starts || (!cron.every_hour() && matches(cron, skipped));
      }
      seen.insert(minute);
      last = minute;
      if (starts) starts_.push_back(t);
    }
  }
  bool is_open(WallTime t, Seconds duration) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), t);
    return after != starts_.begin() && t < *std::prev(after) + duration;
  }

 private:
  static bool matches(const Cron& cron, std::int64_t minute) {
    const std::chrono::sys_days day(std::chrono::days(minute / 1440));
    const std::chrono::year_month_day date(day);
    const int of_day = static_cast<int>(minute % 1440);
    return cron.day_matches(static_cast<int>(unsigned(date.month())),
                            static_cast<int>(unsigned(date.day())),
                            static_cast<int>(std::chrono::weekday(day).c_encoding())) &&
           cron.minute_matches(of_day / 60, of_day % 60);
  }
  std::vector<WallTime> starts_;
};

std::string random_cron(SeededRandom& random) {
  static constexpr const char* kMinutes[] = {"0", "30", "*/20", "15,45", "*"};
  static constexpr const char* kHours[] = {"*", "2", "1-3", "22", "*/6", "2,3", "0"};
  static constexpr const char* kDays[] = {"* *", "29 *", "* 3,10", "25 10"};
  static constexpr const char* kWeekdays[] = {"*", "sun", "mon-fri"};
  const auto pick = [&](const auto& list) { return list[random.below(std::size(list))]; };
  return std::string(pick(kMinutes)) + " " + pick(kHours) + " " + pick(kDays) + " " +
         pick(kWeekdays);
}

// Compares the windows with the model over the two nights in which clocks change.
std::size_t disagreements(const char* from, std::uint64_t seed, Seconds planted_bug = 0s) {
  SeededRandom random(seed);
  const WallTime begin = at(from), end = begin + 72h;
  std::size_t wrong = 0;
  for (int round = 0; round < 60; ++round) {
    const std::string cron = random_cron(random);
    const Seconds duration(60 + static_cast<std::int64_t>(random.below(30 * 3600)));
    const std::vector<ProfileWindow> windows{window(cron, duration)};
    const std::vector<const Zone*> zones{&berlin()};
    const NaiveModel model(windows[0].cron, begin - 48h, end);
    WallTime certain = begin;
    bool expected = false;
    for (WallTime t = begin; t < end; t += 1min) {
      if (t >= certain) {  // Asked again only when it says that something may change.
        const WindowState found = window_at(windows, zones, t);
        expected = found.open.has_value();
        certain = found.until;
      }
      wrong += expected != model.is_open(t, duration + planted_bug) ? 1 : 0;
    }
  }
  return wrong;
}

TEST(WindowAt, AgreesWithANaiveModelWhenAnHourIsSkipped) {
  EXPECT_EQ(disagreements("2026-03-28T00:00:00Z", 1), 0U);
}

TEST(WindowAt, AgreesWithANaiveModelWhenAnHourComesTwice) {
  EXPECT_EQ(disagreements("2026-10-24T00:00:00Z", 2), 0U);
}

TEST(WindowAt, AModelThatIsAMinuteOffDisagrees) {
  EXPECT_GT(disagreements("2026-03-28T00:00:00Z", 1, 60s), 0U) << "the control of both";
}

TEST(ReadProfileWindows, ReadsWhatItWrites) {
  const auto windows = read(
      R"([{"name":"night","cron":"0 22 * * *","time_zone":"UTC","duration_s":28800,
           "safety_level":"dangerous","max_duration":60,"auto_cancel_enabled":true,
           "thresholds":{"cpu_usage_max":40}},{"cron":"0 6 * * *","duration_s":60}])");
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[0].cpu_usage_max, 40);
  EXPECT_EQ(windows[1].name, "0 6 * * *");
  std::string out;
  JsonWriter w(out);
  w.begin_array();
  for (const auto& window : windows) write_profile_window(w, window);
  w.end_array();
  EXPECT_EQ(read(out), windows);
}

TEST(ReadProfileWindows, NamesEveryFaultWithItsPlaceAndRange) {
  const auto c = complaints_of(
      R"([{"cron":"61 * * * *","duration_s":59,"time_zone":"Mars/Olympus","x":1,
           "thresholds":{"fps_min":-1}},{"name":"a"}])");
  ASSERT_EQ(c.size(), 7U);
  EXPECT_EQ(c[0].first, "windows[0].cron");
  EXPECT_EQ(c[1].first, "windows[0].time_zone");
  EXPECT_EQ(c[2].first, "windows[0].duration_s");
  EXPECT_EQ(c[2].second, "expected a whole number from 60 to 604800, got 59");
  EXPECT_EQ(c[3].first, "windows[0].x");
  EXPECT_EQ(c[4].first, "windows[0].thresholds.fps_min");
  EXPECT_EQ(c[5].first, "windows[1].cron");
  EXPECT_EQ(c[6].first, "windows[1].duration_s");
}

TEST(ReadProfileWindows, RefusesTwoOfOneNameAndMoreThanEight) {
  EXPECT_EQ(complaints_of(R"([{"cron":"0 1 * * *","duration_s":60},
                              {"cron":"0 1 * * *","duration_s":90}])")
                .size(),
            1U);
  EXPECT_EQ(complaints_of("[1,2,3,4,5,6,7,8,9]")[0].second, "expected a list of at most 8 windows");
}

TEST(WithWindow, TakesItsFieldsAndLeavesTheOthers) {
  ProfileWindow night = window("0 22 * * *", 8h);
  night.cpu_usage_max = 30;
  night.max_duration_s = 10;
  const auto base = resolve_profile("attack", nullptr, nullptr);
  const auto open = with_window(base, night);
  EXPECT_EQ(open.thresholds.cpu_usage_max, 30);
  EXPECT_EQ(open.thresholds.memory_usage_max, base.thresholds.memory_usage_max);
  EXPECT_EQ(open.max_duration_s, 10);
}

TEST(WithWindow, AStricterLevelTightensAndAWeakerOneLeavesTheLimits) {
  ProfileWindow w = window("0 22 * * *", 8h);
  w.safety_level = SafetyLevel::dangerous;
  const auto base = resolve_profile("attack", nullptr, nullptr);
  EXPECT_EQ(with_window(base, w).thresholds, level_thresholds(SafetyLevel::dangerous));
  w.safety_level = SafetyLevel::safe;
  EXPECT_EQ(with_window(base, w).thresholds, base.thresholds);
  EXPECT_EQ(with_window(base, w).safety_level, SafetyLevel::safe);
}

TEST(SplitOverrides, AWindowThatLoosensWaitsAndOneThatTightensHolds) {
  const auto file = parse_override_file(
                        R"({"heal":{"windows":[
        {"name":"day","cron":"0 8 * * *","duration_s":3600,"max_duration":600},
        {"name":"night","cron":"0 22 * * *","duration_s":3600,"max_duration":10}]}})",
                        "x.safe.json")
                        .value();
  const auto split = split_overrides(file, false);
  ASSERT_EQ(split.pending.size(), 1U);
  EXPECT_EQ(split.pending[0].field, "windows.day");
  ASSERT_EQ(split.effective.at("heal").windows->size(), 1U);
  EXPECT_EQ(split.effective.at("heal").windows->at(0).name, "night");
  EXPECT_EQ(split_overrides(file, true).effective.at("heal").windows->size(), 2U);
}

TEST(SplitOverrides, DryRunInAFileLoosens) {
  const auto file = parse_override_file(R"({"heal":{"dry_run":true}})", "x.safe.json").value();
  EXPECT_EQ(split_overrides(file, false).pending.size(), 1U);
  EXPECT_FALSE(split_overrides(file, false).effective.count("heal"));
}

TEST(ParseOverrideFile, NamesTheLineOfAWindowsFault) {
  const auto file = parse_override_file(
      "{\"heal\":\n {\"windows\":[\n  {\"cron\":\"0 1 * * *\",\n"
      "   \"duration_s\":60},\n  {\"cron\":\"0 2 * * *\",\n"
      "   \"duration_s\":1}]}}",
      "x.safe.json");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message,
            "x.safe.json:6: heal.windows[1].duration_s: expected a whole number from 60 to 604800, "
            "got 1");
}

TEST(ResolveProfile, AFilesWindowNeverHoldsAgainstWhatAnAdminSet) {
  ProfilePatch custom, file;
  custom.max_duration_s = 20;
  ProfileWindow w = window("0 22 * * *", 8h);
  w.max_duration_s = 50;
  w.fps_min = 30;
  file.windows = {w};
  const auto p = resolve_profile("heal", &custom, &file);
  EXPECT_EQ(p.windows[0].max_duration_s, 20);
  EXPECT_EQ(p.windows[0].fps_min, 30);
  custom.windows.emplace();
  EXPECT_TRUE(resolve_profile("heal", &custom, &file).windows.empty());
}

}  // namespace
}  // namespace gk::macros
