#include <gtest/gtest.h>

#include "sessions/command_service.h"
#include "sessions/fakes_for_test.h"
#include "sessions/session_service.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"

namespace gk::sessions {
namespace {

using namespace std::chrono_literals;

class SessionsTest : public testing::Test {
 protected:
  SessionsTest() { put_mode("farm", R"({"macros":[{"macro_id":"heal"},{"macro_id":"dig"}]})"); }

  void put_mode(const std::string& name, std::string_view body) {
    sessions.put_mode(read_mode(name, parse_json(body).value()).mode, [](const auto&) {});
    store.settle();
  }
  /// The ended command as JSON.
  JsonValue run(std::string_view body, const Asker& by = {"ann", false}) {
    const JsonValue parsed = parse_json(body).value();
    auto reading = read_command(parsed);
    EXPECT_TRUE(reading.command) << body;
    std::string id;
    commands.submit(*reading.command, to_json(parsed), by, [&](const Result<std::string>& r) {
      if (r) id = parse_json(*r).value().find("command_id")->as_string();
      if (!r) refusal = r.error();
    });
    store.settle();
    return id.empty() ? JsonValue() : parse_json(commands.one_json(id).value()).value();
  }
  std::string start_session(const std::string& character, const std::string& mode = "") {
    std::string body =
        R"({"type":"session","action":"start","character_name":")" + character + "\"";
    if (!mode.empty()) body += R"(,"mode_name":")" + mode + "\"";
    const JsonValue done = run(body + "}");
    return done.find("result")->find("session")->find("id")->as_string();
  }
  JsonValue session(const std::string& id) {
    return parse_json(sessions.one_json(id).value()).value();
  }
  static std::string state(const JsonValue& of) { return of.find("state")->as_string(); }
  static std::string detail(const JsonValue& command) {
    return command.find("error")->find("detail")->as_string();
  }
  double counted(const char* type, const char* outcome) {
    return metrics.counter("gamekeeper_commands_total", "", {{"type", type}, {"outcome", outcome}})
        .value();
  }

  ManualClock clock;
  SeededRandom random{7};
  CaptureLog log;
  Metrics metrics;
  FakeMacros macros;
  FakeStore store;
  SessionService sessions{{.max_sessions = 3}, clock, random, log, metrics, macros, store};
  CommandService commands{{.max_history = 4, .max_running = 2},
                          {},
                          clock,
                          random,
                          log,
                          metrics,
                          macros,
                          sessions,
                          store};
  Error refusal;
};

TEST_F(SessionsTest, StartsTheMacrosOfItsModeWithItsId) {
  const std::string id = start_session("Hero", "farm");
  ASSERT_EQ(macros.running.size(), 2U);
  EXPECT_EQ(macros.running.at("heal").session_id, id);
  EXPECT_EQ(macros.running.at("heal").profile, "heal");
  EXPECT_EQ(state(session(id)), "running");
  EXPECT_EQ(session(id).find("stats")->find("macros_started")->as_int(), 2);
}

TEST_F(SessionsTest, GivesTheSameMacroOfASecondSessionAnotherId) {
  (void)start_session("Hero", "farm");
  const std::string second = start_session("Mage", "farm");
  EXPECT_EQ(macros.running.at("heal-2").session_id, second);
  EXPECT_EQ(macros.running.at("heal-2").profile, "heal") << "the limits stay those of heal";
}

TEST_F(SessionsTest, PausesAndResumesItsMacrosAndNamesThoseThatCannot) {
  macros.cannot_pause = {"dig"};
  const std::string id = start_session("Hero", "farm");
  const JsonValue paused = run(R"({"type":"session","action":"pause"})");
  EXPECT_EQ(state(session(id)), "paused");
  EXPECT_EQ(macros.paused, std::set<std::string>{"heal"});
  const auto& left = paused.find("result")->find("not_paused")->as_array();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].find("macro_id")->as_string(), "dig");
  (void)run(R"({"type":"session","action":"start","character_name":"Hero"})");
  EXPECT_EQ(state(session(id)), "running") << "the paused session goes on; no second one";
  EXPECT_TRUE(macros.paused.empty());
}

TEST_F(SessionsTest, StopEndsItsMacrosAndNoOthers) {
  const std::string hero = start_session("Hero", "farm");
  const std::string mage = start_session("Mage", "farm");
  (void)run(R"({"type":"session","action":"stop","character_name":"Hero"})");
  EXPECT_EQ(state(session(hero)), "stopped");
  EXPECT_EQ(macros.stopped_by, "ann") << "for the logs of its macros";
  EXPECT_EQ(state(session(mage)), "running");
  EXPECT_EQ(macros.running.size(), 2U);
  EXPECT_TRUE(macros.running.contains("heal-2"));
}

TEST_F(SessionsTest, AsksWhichOneWhenSeveralCouldBeMeant) {
  (void)start_session("Hero");
  (void)start_session("Mage");
  const JsonValue command = run(R"({"type":"session","action":"pause"})");
  EXPECT_EQ(state(command), "failed");
  EXPECT_NE(detail(command).find("2 sessions could be meant"), std::string::npos);
  EXPECT_NE(detail(command).find("Mage"), std::string::npos);
}

TEST_F(SessionsTest, AnotherModeEndsTheMacrosOfTheFirst) {
  put_mode("rest", R"({"macros":[{"macro_id":"buff"}]})");
  const std::string id = start_session("Hero", "farm");
  (void)run(R"({"type":"mode","action":"execute","mode_name":"rest"})");
  ASSERT_EQ(macros.running.size(), 1U);
  EXPECT_EQ(macros.running.at("buff").session_id, id);
  EXPECT_EQ(session(id).find("mode")->as_string(), "rest");
}

TEST_F(SessionsTest, ModeNoticesFrameTheLifeOfItsMacros) {
  std::vector<std::string> seen;
  auto watch = sessions.mode_changes().subscribe([&](const ModeChange& change) {
    seen.push_back((change.started ? "started " : "stopped ") + change.json);
  });
  (void)start_session("Hero", "farm");
  macros.end("heal");
  ASSERT_EQ(seen.size(), 1U) << "one of its macros runs on";
  macros.end("dig");
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].starts_with("started {\"mode\":\"farm\"")) << seen[0];
  EXPECT_TRUE(seen[1].starts_with("stopped {\"mode\":\"farm\"")) << seen[1];
}

TEST_F(SessionsTest, RunsAModeWithoutASession) {
  const JsonValue done = run(R"({"type":"mode","action":"execute","mode_name":"farm"})");
  EXPECT_EQ(state(done), "succeeded");
  EXPECT_FALSE(macros.running.at("heal").session_id);
}

TEST_F(SessionsTest, FailsAModeOfWhichNoMacroRunsAndCountsTheRefused) {
  macros.refused = {"heal", "dig"};
  const JsonValue done = run(R"({"type":"mode","action":"execute","mode_name":"farm"})");
  EXPECT_EQ(state(done), "failed");
  EXPECT_EQ(done.find("error")->find("code")->as_string(), "permission_denied");
  const JsonValue unknown = run(R"({"type":"mode","action":"execute","mode_name":"none"})");
  EXPECT_EQ(detail(unknown), "there is no mode none");
}

TEST_F(SessionsTest, CountsCancellationsThatCarryItsId) {
  const std::string id = start_session("Hero", "farm");
  macros.cancel("heal", "Duration exceeded: 61 s > 60 s");
  EXPECT_EQ(session(id).find("stats")->find("macros_cancelled")->as_int(), 1);
  EXPECT_EQ(state(session(id)), "running");
}

TEST_F(SessionsTest, EmergencyStopNeedsNoStore) {
  const std::string id = start_session("Hero", "farm");
  store.broken = true;
  const JsonValue done = run(R"({"type":"emergency","action":"stop"})");
  EXPECT_EQ(state(done), "succeeded");
  EXPECT_EQ(done.find("result")->find("stopped")->as_int(), 2);
  EXPECT_EQ(counted("emergency", "succeeded"), 1);
  EXPECT_TRUE(macros.running.empty());
  EXPECT_EQ(state(session(id)), "stopped");
}

TEST_F(SessionsTest, ACommandThatCannotBeStoredDoesNothing) {
  (void)start_session("Hero", "farm");
  store.broken = true;
  EXPECT_TRUE(run(R"({"type":"session","action":"stop"})").is_null());
  EXPECT_EQ(refusal.code, Errc::unavailable);
  EXPECT_EQ(macros.running.size(), 2U);
  EXPECT_EQ(counted("session", "refused"), 1);
}

TEST_F(SessionsTest, AnswersUnavailableForWhatIsNotConnected) {
  const JsonValue reload = run(R"({"type":"config","action":"reload"})");
  EXPECT_EQ(reload.find("error")->find("type")->as_string(), "unavailable");
  EXPECT_NE(detail(reload).find("restart it"), std::string::npos);
  EXPECT_EQ(counted("config", "failed"), 1);
  EXPECT_EQ(counted("config", "succeeded"), 0);
}

TEST_F(SessionsTest, KeepsTheNewestCommandsOnly) {
  for (int i = 0; i < 6; ++i) (void)run(R"({"type":"config","action":"reload"})");
  const JsonValue page = parse_json(commands.history_json(3, "")).value();
  ASSERT_EQ(page.find("items")->as_array().size(), 3U);
  const std::string cursor = page.find("next_cursor")->as_string();
  const JsonValue rest =
      parse_json(commands.history_json(3, cursor.substr(0, cursor.rfind('~')))).value();
  EXPECT_EQ(rest.find("items")->as_array().size(), 1U) << "4 are kept";
  EXPECT_TRUE(rest.find("next_cursor")->is_null());
}

TEST_F(SessionsTest, TheOldestEndedSessionMakesRoomAndLiveOnesDoNot) {
  const std::string first = start_session("A");
  (void)run(R"({"type":"session","action":"stop","character_name":"A"})");
  (void)start_session("B");
  (void)start_session("C");
  (void)start_session("D");
  EXPECT_FALSE(sessions.one_json(first)) << "it had ended";
  const JsonValue refused = run(R"({"type":"session","action":"start","character_name":"E"})");
  EXPECT_EQ(refused.find("error")->find("code")->as_string(), "resource_exhausted");
}

TEST_F(SessionsTest, BringsBackWhatRanAsInterruptedAndItStartsAgain) {
  const std::string id = start_session("Hero", "farm");
  FakeMacros fresh;
  SessionService after({}, clock, random, log, metrics, fresh, store);
  after.restore(store.load().value());
  EXPECT_EQ(state(parse_json(after.one_json(id).value()).value()), "interrupted");
  bool started = false;
  after.start(id, {"ann", false}, [&](const auto& r) { started = static_cast<bool>(r); });
  EXPECT_TRUE(started);
  EXPECT_EQ(fresh.running.at("heal").session_id, id);
}

TEST_F(SessionsTest, ACrashLosesOnlyTheTimeSinceTheBooksWereKept) {
  const std::string id = start_session("Hero");
  clock.advance(Seconds(60));
  sessions.keep_books();
  const WallTime kept = clock.wall();
  clock.advance(Seconds(20));
  FakeMacros fresh;
  SessionService after({}, clock, random, log, metrics, fresh, store);
  after.restore(store.load().value());
  const JsonValue found = parse_json(after.one_json(id).value()).value();
  EXPECT_EQ(found.find("stats")->find("running_s")->as_number(), 60);
  EXPECT_EQ(found.find("ended")->as_string(), rfc3339(kept));
}

TEST_F(SessionsTest, ADaemonThatStopsInterruptsWhatLivesAndLosesNoTime) {
  const std::string id = start_session("Hero");
  clock.advance(Seconds(80));
  sessions.interrupt_all();
  const WallTime ended = clock.wall();
  clock.advance(Seconds(3600));
  FakeMacros fresh;
  SessionService after({}, clock, random, log, metrics, fresh, store);
  after.restore(store.load().value());
  const JsonValue found = parse_json(after.one_json(id).value()).value();
  EXPECT_EQ(state(found), "interrupted");
  EXPECT_EQ(found.find("reason")->as_string(), "the daemon ended while it was running");
  EXPECT_EQ(found.find("stats")->find("running_s")->as_number(), 80);
  EXPECT_EQ(found.find("ended")->as_string(), rfc3339(ended));
}

TEST_F(SessionsTest, EndsAMacroThatWasStillStartingWhenItsSessionStopped) {
  const std::string id = start_session("Hero");
  macros.slow = true;
  (void)run(R"({"type":"mode","action":"execute","mode_name":"farm"})");
  (void)run(R"({"type":"session","action":"stop"})");
  EXPECT_EQ(macros.running.size(), 2U) << "the service does not know yet that they run";
  for (const auto& started : macros.held) started();
  EXPECT_TRUE(macros.running.empty());
}

TEST_F(SessionsTest, DeletesNoModeThatALiveSessionUses) {
  const std::string id = start_session("Hero", "farm");
  Error error;
  sessions.delete_mode("farm", [&](const auto& r) { error = r.error(); });
  EXPECT_EQ(error.code, Errc::failed_precondition);
  EXPECT_NE(error.message.find(id), std::string::npos);
}

// A walk of random wishes against the one rule that users trust: what a session does not run, and
// no macro of a stopped session runs.
TEST_F(SessionsTest, NoMacroOutlivesItsSessionInRandomWalks) {
  SeededRandom chance(11);
  const std::array<std::string_view, 7> wishes{
      R"({"type":"session","action":"start","character_name":"A","mode_name":"farm"})",
      R"({"type":"session","action":"start","character_name":"B","mode_name":"farm"})",
      R"({"type":"session","action":"pause","character_name":"A"})",
      R"({"type":"session","action":"stop","character_name":"A"})",
      R"({"type":"session","action":"stop","character_name":"B"})",
      R"({"type":"mode","action":"execute","mode_name":"farm","character_name":"B"})",
      R"({"type":"mode","action":"stop","mode_name":"farm"})"};
  for (int i = 0; i < 2'000; ++i) {
    (void)run(wishes[chance.below(wishes.size())]);
    for (const auto& [id, macro] : macros.running) {
      if (!macro.session_id) continue;
      const auto owner = sessions.one_json(*macro.session_id);
      ASSERT_TRUE(owner) << id;
      const std::string now = state(parse_json(*owner).value());
      ASSERT_TRUE(now == "running" || now == "paused") << id << " runs, its session is " << now;
    }
  }
}

}  // namespace
}  // namespace gk::sessions
