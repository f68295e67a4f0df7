#include "macros/scripts/script_runner.h"

#include <gtest/gtest.h>

#include "macros/scripts/fakes_for_test.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;
using Sent = std::vector<std::string>;

std::string program(const std::string& actions, const std::string& more = "") {
  return R"({"name":"x","game":"arena","variables":{"who":"","n":0},"actions":[)" + actions + "]" +
         more + "}";
}
const std::string kFlood =
    R"({"type":"loop","parameters":{"count":100000,"actions":[{"type":"command","command":"go"}]}})";

/// A Lua macro whose hands the test moves.
class FakeLua final : public LuaLauncher {
 public:
  ScriptHands hands;
  int launches = 0;
  void launch(const ScriptLaunch&, const std::string&, ScriptHands given,
              std::function<void(Result<Launched>)> done) override {
    ++launches;
    hands = std::move(given);
    done(Launched{std::make_unique<Idle>(), {}});
  }

 private:
  class Idle final : public RunningScript {
    void run() override {}
    void pause() override {}
    void resume() override {}
    void fence() override {}
    void interrupt() override {}
    void line(std::string_view) override {}
  };
};

class ScriptRunnerTest : public testing::Test, protected LibraryBench {
 protected:
  ScriptRunnerTest() {
    subscription = runner.ended().subscribe([this](const ScriptEnded& e) { ends.push_back(e); });
    acts = runner.activity().subscribe([this](const ScriptActivity& a) { seen.push_back(a); });
  }
  /// "" or why it did not start.
  std::string start(const std::string& id = "m", const std::string& args = "") {
    std::string out = "no answer";
    runner.start(
        {.macro_id = id, .script = "m", .game = {}, .args_json = args},
        [&](const Result<std::optional<sys::Spawned>>& r) { out = r ? "" : r.error().message; });
    if (out.empty()) runner.run(id);
    return out;
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, 10s); }
  std::string log_of(const std::string& id) {
    std::string out;
    const auto* lines = runner.console().lines(id);
    if (lines == nullptr) return out;
    for (const ConsoleLine& line : *lines) out += line.text + "|";
    return out;
  }
  SystemClock real;  // The runner's timers are the loop's, which are real.
  FakePort port{loop};
  FakeLua lua;
  ScriptRunner runner{
      {.cancel_deadline = 100ms}, library, memory, store, port, loop, real, log, metrics, {}, &lua};
  std::vector<ScriptEnded> ends;
  std::vector<ScriptActivity> seen;
  Topic<ScriptEnded>::Subscription subscription;
  Topic<ScriptActivity>::Subscription acts;
};

TEST_F(ScriptRunnerTest, RunsStepsThroughThePort) {
  put("m", program(R"({"type":"command","command":"status"},{"type":"pause","delay_ms":5},
                      {"type":"say","command":"hi"})"));
  ASSERT_EQ(start(), "");
  ASSERT_TRUE(until([&] { return !ends.empty(); }));
  EXPECT_TRUE(ends[0].ok);
  EXPECT_EQ(port.commands_of("macro:m"), (Sent{"status", "say hi"}));
  EXPECT_EQ(port.sent[0].game, "arena");
  EXPECT_EQ(port.sent[0].actor, "macros");
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].kind, ScriptActivity::Kind::chat);
  EXPECT_EQ(log_of("m"), "starts on arena|> status|< ok|> say hi|< ok|ends|");
}

TEST_F(ScriptRunnerTest, StartsNothingThatIsDisabledUnknownOrWithoutItsGame) {
  put("m", program(R"({"type":"pause","delay_ms":1})"), {.enabled = false});
  EXPECT_EQ(start(), "macro m is disabled");
  put("m", program(R"({"type":"pause","delay_ms":1})"), {.game = "moon"});
  EXPECT_EQ(start(), "no game link moon");
  put("m", program(R"({"type":"pause","delay_ms":1})"));
  EXPECT_EQ(start("m", R"({"x":1})"), "args.x: the macro declares no such variable");
  EXPECT_EQ(start(), "");
  EXPECT_EQ(start(), "macro m runs already");
  EXPECT_EQ(runner.running(), 1U);
}

TEST_F(ScriptRunnerTest, StartsNoStepsThatNeedAGameWithoutOne) {
  put("m", R"({"name":"m","actions":[{"type":"command","command":"a"}]})");
  EXPECT_EQ(start(),
            "macro m acts on a game and names none: expected a game at its start, or \"game\" in "
            "its text");
  EXPECT_EQ(runner.running(), 0U);
  put("m", R"({"name":"m","actions":[{"type":"command","command":"a"}]})", {.game = "arena"});
  EXPECT_EQ(start(), "");
}

TEST_F(ScriptRunnerTest, StartsNoLuaThatNeedsAGameWithoutOne) {
  put("m", "game.send('list')", {}, ScriptKind::lua);
  EXPECT_NE(
      start().find("acts on a game and names none: expected a game at its start, or \"-- game:"),
      std::string::npos);
  EXPECT_EQ(lua.launches, 0) << "no worker for what cannot run";
  put("m", "log(game.metrics().cpu_usage)", {}, ScriptKind::lua);
  EXPECT_EQ(start(), "");
  put("n", "-- needs: nothing\nif args.game then game.send('list') end", {}, ScriptKind::lua);
  EXPECT_FALSE(library.find("n")->needs_game);
  put("n", "-- needs: game\nlocal f = _G[args.f]", {}, ScriptKind::lua);
  EXPECT_TRUE(library.find("n")->needs_game);
  put("n", "-- needs: patience\nlog(1)", {}, ScriptKind::lua);
  EXPECT_FALSE(library.find("n")->needs_game) << "a remark";
}

TEST_F(ScriptRunnerTest, SaysTheTextOfALuaMacroInTheWordsOfItsGame) {
  put("m", "-- game: arena\ngame.say('x')", {}, ScriptKind::lua);
  ASSERT_EQ(start(), "");
  port.words = "broadcast \"{text}\"";
  std::vector<std::string> answers;
  const auto answered = [&](const Result<games::SendReply>& reply) {
    answers.push_back(reply ? reply->text : reply.error().message);
  };
  lua.hands.say("Welcome x\"; shutdown", 1s, answered);
  ASSERT_TRUE(until([&] { return answers.size() == 1; }));
  EXPECT_EQ(port.commands_of("macro:m"), Sent{"broadcast \"Welcome x'  shutdown\""});
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].kind, ScriptActivity::Kind::chat);
  port.games.clear();
  lua.hands.say("hello", 1s, answered);
  EXPECT_EQ(answers[1], "no such game");
  EXPECT_EQ(seen.back().kind, ScriptActivity::Kind::error) << "counted";
  runner.fence("m");
  lua.hands.say("after the end", 1s, answered);
  ASSERT_TRUE(until([&] { return answers.size() == 3; }));
  EXPECT_EQ(port.sent.size(), 1U) << "nothing after the fence";
}

TEST_F(ScriptRunnerTest, SaysWhichStepFailed) {
  put("m", program(R"({"type":"command","command":"a"})"));
  port.answer = [](const std::string&) -> Result<std::string> {
    return Error{Errc::unavailable, "the link was lost"};
  };
  start();
  ASSERT_TRUE(until([&] { return !ends.empty(); }));
  EXPECT_FALSE(ends[0].ok);
  EXPECT_EQ(ends[0].reason, "actions[0]: the link was lost");
  EXPECT_EQ(seen.back().kind, ScriptActivity::Kind::error);
}

TEST_F(ScriptRunnerTest, WritesNothingAfterAFence) {
  put("m", program(kFlood));
  start();
  ASSERT_TRUE(until([&] { return port.sent.size() > 10; }));
  runner.fence("m");
  const std::size_t before = port.sent.size();
  loop.run_for(50ms);
  EXPECT_EQ(port.sent.size(), before);
  runner.gone("m", false, "");
  EXPECT_EQ(runner.running(), 0U);
  EXPECT_TRUE(ends.empty());
}

// The negative control of the test above: a run that ignores its fence, over a port that does.
TEST_F(ScriptRunnerTest, WouldWriteOnWithoutAFence) {
  put("m", program(kFlood));
  port.leaky_for_test = true;
  start();
  ASSERT_TRUE(until([&] { return port.sent.size() > 10; }));
  port.fence("macro:m");
  const std::size_t before = port.sent.size();
  loop.run_for(50ms);
  EXPECT_GT(port.sent.size(), before);
}

TEST_F(ScriptRunnerTest, DropsWhatWaitsForTheLaneWhenFenced) {
  put("m", program(kFlood));
  port.hold = true;
  start();
  runner.fence("m");
  port.release();
  loop.run_for(20ms);
  EXPECT_TRUE(port.sent.empty());
}

TEST_F(ScriptRunnerTest, RunsOnCancelAsTheDaemon) {
  put("m", program(kFlood, R"(,"on_cancel":[{"type":"say","command":"bye"}])"));
  start();
  runner.fence("m");
  runner.gone("m", true, "was stopped by ada");
  ASSERT_TRUE(until([&] { return log_of("m").find("on_cancel is done") != std::string::npos; }));
  EXPECT_EQ(port.commands_of("gamekeeper"), Sent{"say bye"});
  EXPECT_NE(log_of("m").find("|was stopped by ada|"), std::string::npos) << log_of("m");
}

TEST_F(ScriptRunnerTest, TellsWhyItEndedAlsoWithoutOnCancel) {
  put("m", program(kFlood, R"(,"on_cancel":[{"type":"say","command":"bye"}])"));
  start();
  runner.fence("m");
  runner.gone("m", false, "was cancelled: Emergency stop by ada");
  EXPECT_NE(log_of("m").find("|was cancelled: Emergency stop by ada|"), std::string::npos);
  loop.run_for(20ms);
  EXPECT_TRUE(port.commands_of("gamekeeper").empty());
}

TEST_F(ScriptRunnerTest, RunsNoOnCancelAfterAnEndByItself) {
  put("m", program(R"({"type":"command","command":"a"})",
                   R"(,"on_cancel":[{"type":"say","command":"bye"}])"));
  start();
  until([&] { return !ends.empty(); });
  runner.gone("m", false, "");
  loop.run_for(20ms);
  EXPECT_TRUE(port.commands_of("gamekeeper").empty());
}

TEST_F(ScriptRunnerTest, GivesOnCancelADeadline) {
  put("m", program(kFlood, R"(,"on_cancel":[{"type":"say","command":"bye"}])"));
  start();
  port.hold = true;
  runner.fence("m");
  runner.gone("m", true, "was stopped by ada");
  EXPECT_TRUE(
      until([&] { return log_of("m").find("on_cancel ran out of time") != std::string::npos; }));
}

TEST_F(ScriptRunnerTest, StandsStillWhilePaused) {
  put("m", program(kFlood));
  start();
  until([&] { return port.sent.size() > 3; });
  runner.pause("m");
  loop.run_for(5ms);  // What was under way is answered.
  const std::size_t before = port.sent.size();
  loop.run_for(30ms);
  EXPECT_EQ(port.sent.size(), before);
  runner.resume("m");
  EXPECT_TRUE(until([&] { return port.sent.size() > before + 3; }));
}

TEST_F(ScriptRunnerTest, AWaitDoesNotRunOutInAPause) {
  put("m", program(R"({"type":"wait_for","parameters":{"line":"{who} joined","timeout_s":0.05}},
                      {"type":"say","command":"hi ${who}"})"));
  start();
  runner.pause("m");
  loop.run_for(80ms);
  runner.resume("m");
  port.say("Bob joined");
  ASSERT_TRUE(until([&] { return !ends.empty(); }));
  EXPECT_TRUE(ends[0].ok) << ends[0].reason;
  EXPECT_EQ(port.commands_of("macro:m"), Sent{"say hi Bob"});
}

TEST_F(ScriptRunnerTest, HearsItsOwnGameOnly) {
  port.games["moon"] = {};
  put("m", program(R"({"type":"wait_for","parameters":{"line":"{who} joined"}},
                      {"type":"say","command":"hi ${who}"})"));
  start();
  port.say("Eve joined", "moon");
  port.say("Bob joined");
  ASSERT_TRUE(until([&] { return !ends.empty(); }));
  EXPECT_EQ(port.commands_of("macro:m"), Sent{"say hi Bob"});
}

TEST_F(ScriptRunnerTest, HandsPaceToThePort) {
  put("m", program(kFlood));
  start();
  runner.set_pace("m", 2s);
  EXPECT_EQ(port.paces["macro:m"], Nanos(2s));
  runner.fence("m");
  runner.gone("m", false, "");
  EXPECT_EQ(start(), "");
  EXPECT_EQ(port.paces["macro:m"], Nanos(0));
}

TEST_F(ScriptRunnerTest, GoesOnWhenThePortAnswersAtOnce) {
  port.at_once = true;
  put("m", program(R"({"type":"loop","parameters":{"count":200,"actions":[
      {"type":"command","command":"a"}]}})"));
  start();
  ASSERT_TRUE(until([&] { return !ends.empty(); }));
  EXPECT_EQ(port.sent.size(), 200U);
}

TEST_F(ScriptRunnerTest, LeavesTheLoopToOthersInAFlood) {
  put("m", program(R"({"type":"loop","parameters":{"count":100000,"actions":[
      {"type":"say","command":"x","parameters":{"to":"log"}}]}})"));
  start();
  int turns = 0;
  const auto ticker = loop.every(1ms, [&] { ++turns; });
  loop.run_for(100ms);
#ifdef GK_SANITIZED  // A turn is counted in steps, each several times dearer there.
  EXPECT_GT(turns, 10);
#else
  EXPECT_GT(turns, 30);
#endif
  EXPECT_TRUE(ends.empty());
}

TEST_F(ScriptRunnerTest, RemembersKeptVariables) {
  const std::string source = program(R"({"type":"command","command":"n ${n}",
      "parameters":{"add":{"n":1}}})",
                                     R"(,"settings":{"keep":["n"]})");
  put("m", source);
  for (int i = 0; i < 2; ++i) {
    ends.clear();
    start();
    until([&] { return !ends.empty(); });
    runner.gone("m", false, "");
  }
  EXPECT_EQ(port.commands_of("macro:m"), (Sent{"n 0", "n 1"}));
  EXPECT_EQ(*memory.get("m", "n"), "\"2\"");
}

TEST_F(ScriptRunnerTest, ForgetsAMacroThatIsRemovedFromTheLibrary) {
  const std::string source = program(R"({"type":"command","command":"n ${n}",
      "parameters":{"add":{"n":1}}})",
                                     R"(,"settings":{"keep":["n"]})");
  for (const bool while_it_runs : {false, true}) {
    SCOPED_TRACE(while_it_runs);
    put("m", source);
    ends.clear();
    start();
    until([&] { return !ends.empty(); });
    if (!while_it_runs) runner.gone("m", false, "");
    ASSERT_EQ(*memory.get("m", "n"), "\"1\"");
    ASSERT_NE(log_of("m"), "");
    bool removed = false;
    library.remove("m", [&](const Result<void>& done) { removed = static_cast<bool>(done); });
    ASSERT_TRUE(until([&] { return removed; }));
    if (while_it_runs) {
      // What it sets now reaches the disk before it is gone.
      EXPECT_TRUE(memory.set("m", "late", "1"));
      memory.flush();
      ASSERT_NE(memory.get("m", "n"), nullptr) << "it still runs";
      runner.gone("m", false, "");
    }
    EXPECT_EQ(memory.get("m", "n"), nullptr);
    EXPECT_EQ(log_of("m"), "");
    EXPECT_TRUE(until([&] { return store.load().value().states.empty(); }));
  }
}

TEST_F(ScriptRunnerTest, TellsOperators) {
  std::vector<std::string> told;
  const auto hears = runner.notices().subscribe(
      [&](const ScriptNotice& n) { told.push_back(n.macro_id + ": " + n.text); });
  put("m", program(R"({"type":"say","command":"slow","parameters":{"to":"operators"}})"));
  start();
  until([&] { return !ends.empty(); });
  EXPECT_EQ(told, Sent{"m: slow"});
}

TEST_F(ScriptRunnerTest, RemembersARunThatShallResume) {
  put("m", program(kFlood), {.resume = true});
  start();
  EXPECT_EQ(store.load().value().runs.size(), 1U);
  runner.fence("m");
  runner.gone("m", false, "");
  EXPECT_TRUE(store.load().value().runs.empty());
  start();
  runner.prepare_to_stop();
  runner.fence("m");
  runner.gone("m", true, "was stopped by ada");
  const auto runs = store.load().value().runs;
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].script, "m");
  EXPECT_EQ(runs[0].game, "arena");
}

TEST_F(ScriptRunnerTest, FollowsTheSettingToResumeWhileItRuns) {
  put("m", program(kFlood));
  start();
  EXPECT_TRUE(store.load().value().runs.empty());
  put("other", program(kFlood), {.resume = true});
  EXPECT_TRUE(store.load().value().runs.empty()) << "another macro's setting";
  put("m", program(kFlood), {.resume = true});
  ASSERT_TRUE(until([&] { return store.load().value().runs.size() == 1; }));
  EXPECT_EQ(store.load().value().runs[0].macro_id, "m");
  put("m", program(kFlood), {.resume = false});
  EXPECT_TRUE(until([&] { return store.load().value().runs.empty(); }));
}

TEST_F(ScriptRunnerTest, EndsWithRunsUnderWay) {
  put("m", program(kFlood));
  start();
  SUCCEED();  // The destructors meet a held reply.
}

TEST(ConsoleLog, DropsTheOldestBeyond64KiB) {
  ConsoleLog console;
  for (int i = 0; i < 100; ++i) console.add("m", std::string(1024, 'x'), {});
  EXPECT_EQ(console.lines("m")->size(), 64U);
  EXPECT_EQ(console.lines("m")->back().number, 100U);
  EXPECT_EQ(console.add("m", "a\x1b[2J\nb", {}).text, "a?[2J?b");
  EXPECT_LE(console.add("m", std::string(9000, 'y'), {}).text.size(), 2048U + 3);
}

}  // namespace
}  // namespace gk::macros
