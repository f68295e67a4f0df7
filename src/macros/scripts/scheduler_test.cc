#include "macros/scripts/scheduler.h"

#include <gtest/gtest.h>

#include "macros/scripts/fakes_for_test.h"
#include "macros/time_zone.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

const std::string kSteps = R"({"name":"x","actions":[{"type":"pause","delay_ms":1}]})";
const std::string kHourly = R"({"cron":"0 * * * *"})";

/// The clock starts at 2026-01-01T00:00:00Z.
class SchedulerTest : public testing::Test, protected LibraryBench {
 protected:
  void make(std::map<std::string, WallTime> served = {}, std::vector<ResumableRun> runs = {}) {
    scheduler.emplace(
        SchedulerOptions{.look_every = 60s}, library, store, starter, loop, clock, log, metrics,
        [this](const std::string& id, std::string_view text) {
          notes.push_back(id + ": " + std::string(text));
        },
        [this](std::string_view) { return ready; }, load_zone);
    scheduler->restore(std::move(served), std::move(runs));
  }
  void advance(Nanos by) {
    clock.advance(by);
    scheduler->tick();
  }
  FakeStarter starter;
  std::vector<std::string> notes;
  bool ready = true;
  std::optional<Scheduler> scheduler;
};

TEST_F(SchedulerTest, StartsAtTheMomentAndNotAgain) {
  make();
  put("m", kSteps, {.profile = "heal", .schedule_json = kHourly});
  advance(3599s);
  EXPECT_TRUE(starter.starts.empty());
  advance(1s);
  ASSERT_EQ(starter.starts.size(), 1U);
  EXPECT_EQ(starter.starts[0].script, "m");
  EXPECT_EQ(starter.starts[0].profile, "heal");
  advance(1s);
  EXPECT_EQ(starter.starts.size(), 1U);
  EXPECT_EQ(notes.back(), "m: is started by its schedule");
}

TEST_F(SchedulerTest, MakesUpOnceForWhatAJumpOfTheClockSkipped) {
  make();
  put("m", kSteps, {.schedule_json = kHourly});
  clock.jump_wall(5h + 30min);
  scheduler->tick();
  scheduler->tick();
  EXPECT_EQ(starter.starts.size(), 1U);
  EXPECT_EQ(notes.back(),
            "m: its start of 2026-01-01T01:00:00.000Z was missed; it starts once, now");
}

TEST_F(SchedulerTest, StartsNothingTwiceWhenTheClockGoesBack) {
  make();
  put("m", kSteps, {.schedule_json = kHourly});
  advance(1h);
  clock.jump_wall(-30min);
  scheduler->tick();
  advance(30min);
  EXPECT_EQ(starter.starts.size(), 1U);
  advance(1h);
  EXPECT_EQ(starter.starts.size(), 2U);
}

TEST_F(SchedulerTest, MakesUpOnceForARestart) {
  put("m", kSteps, {.schedule_json = kHourly});
  clock.advance(3h + 10min);
  make({{"m", clock.wall() - 2h}});
  scheduler->tick();
  scheduler->tick();
  EXPECT_EQ(starter.starts.size(), 1U);
  const auto stored = store.load().value();
  EXPECT_EQ(stored.served.at("m"), clock.wall());
}

TEST_F(SchedulerTest, DoesNotWaitForYearsAfterAClockThatWasFarAhead) {
  put("m", kSteps, {.schedule_json = kHourly});
  make({{"m", clock.wall() + 24h * 3650}});
  advance(1h);
  EXPECT_EQ(starter.starts.size(), 1U);
}

TEST_F(SchedulerTest, SaysThatAStartIsSkippedWhileItRuns) {
  make();
  put("m", kSteps, {.schedule_json = kHourly});
  starter.answer = Error{Errc::already_exists, "runs"};
  advance(1h);
  EXPECT_EQ(notes.back(), "m: its start of 2026-01-01T01:00:00.000Z is skipped: it still runs");
  starter.answer = Error{Errc::not_found, "no game link arena"};
  advance(1h);
  EXPECT_EQ(notes.back(),
            "m: its start of 2026-01-01T02:00:00.000Z is skipped: no game link arena");
}

TEST_F(SchedulerTest, LeavesDisabledAndRemovedMacrosAlone) {
  make();
  put("m", kSteps, {.schedule_json = kHourly});
  put("n", kSteps, {.schedule_json = kHourly});
  put("m", kSteps, {.enabled = false, .schedule_json = kHourly});
  wait([&](auto done) { library.remove("n", done); });
  advance(2h);
  EXPECT_TRUE(starter.starts.empty());
}

TEST_F(SchedulerTest, StopsWhatItStartedAtTheEndOfTheWindow) {
  make();
  put("m", kSteps, {.schedule_json = R"({"windows":[{"start":"02:00","end":"03:00"}]})"});
  advance(2h);
  EXPECT_EQ(starter.starts.size(), 1U);
  advance(59min);
  EXPECT_TRUE(starter.stops.empty());
  advance(1min);
  EXPECT_EQ(starter.stops, std::vector<std::string>{"m"});
}

TEST_F(SchedulerTest, DoesNotMakeUpForAWindowThatHasEnded) {
  make();
  put("m", kSteps, {.schedule_json = R"({"windows":[{"start":"02:00","end":"03:00"}]})"});
  advance(4h);
  EXPECT_TRUE(starter.starts.empty());
  EXPECT_EQ(notes.back(),
            "m: its start of 2026-01-01T02:00:00.000Z was missed and its window has ended");
}

TEST_F(SchedulerTest, SaysThatAZoneDoesNotExist) {
  make();
  put("m", kSteps, {.schedule_json = R"({"cron":"0 4 * * *","time_zone":"Mars/Olympus"})"});
  EXPECT_EQ(notes.back(),
            "m: its schedule does not work: time_zone: no zone Mars/Olympus on this system");
  EXPECT_FALSE(scheduler->next("m", 5));
}

TEST_F(SchedulerTest, ListsTheNextStartsOfARealZone) {
  make();
  put("m", kSteps, {.schedule_json = R"({"cron":"30 2 28-30 3 *","time_zone":"Europe/Berlin"})"});
  const auto next = scheduler->next("m", 3).value();
  ASSERT_EQ(next.size(), 3U);
  EXPECT_EQ(rfc3339(next[0]), "2026-03-28T01:30:00.000Z");
  EXPECT_EQ(rfc3339(next[1]), "2026-03-29T01:00:00.000Z");  // 02:30 is skipped that night.
  EXPECT_EQ(rfc3339(next[2]), "2026-03-30T00:30:00.000Z");
  EXPECT_EQ(scheduler->next("n", 1).error().code, Errc::not_found);
}

TEST_F(SchedulerTest, ResumesWhenTheGameIsReady) {
  put("m", kSteps, {.resume = true});
  ready = false;
  make({}, {{"m", "m", "arena", R"({"n":1})"}});
  scheduler->tick();
  EXPECT_TRUE(starter.starts.empty());
  ready = true;
  scheduler->tick();
  scheduler->tick();
  ASSERT_EQ(starter.starts.size(), 1U);
  EXPECT_EQ(starter.starts[0].args_json, R"({"n":1})");
  EXPECT_EQ(starter.starts[0].game, "arena");
}

TEST_F(SchedulerTest, GivesUpResumingAfterItsDeadline) {
  put("m", kSteps, {.resume = true});
  ready = false;
  make({}, {{"m", "m", "arena", ""}});
  advance(300s);
  ready = true;
  scheduler->tick();
  EXPECT_TRUE(starter.starts.empty());
  EXPECT_EQ(notes.back(), "m: does not resume: its game was not ready in time");
}

TEST(TimeZone, ReadsTheSystemsZones) {
  const Zone zone = load_zone("America/New_York").value();
  EXPECT_EQ(zone.at(parse_rfc3339("2026-07-01T00:00:00Z").value()).offset, Seconds(-4 * 3600));
  EXPECT_EQ(zone.at(parse_rfc3339("2026-01-01T00:00:00Z").value()).offset, Seconds(-5 * 3600));
  EXPECT_EQ(load_zone("../../etc/passwd").error().code, Errc::invalid_argument);
  EXPECT_TRUE(load_zone("UTC").value().changes.empty());
}

}  // namespace
}  // namespace gk::macros
