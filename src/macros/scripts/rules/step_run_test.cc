#include "macros/scripts/rules/step_run.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

/// Runs a program: sends are answered with `reply`, time goes to the end of each wait.
class Player {
 public:
  explicit Player(const std::string& json, const std::string& args = "") {
    Complaints complaints;
    program = read_steps(json, complaints);
    if (program == nullptr) {
      ADD_FAILURE() << joined(complaints);
      std::abort();
    }
    run.emplace(*program, variables_with_args(*program, args).value());
  }
  Move next() {
    const Move move = run->next(
        now, [this](std::string_view name) { return name == "tick_ratio" ? tick : std::nullopt; });
    if (move.kind == Move::Kind::send) {
      sent.push_back(move.text);
      run->replied(reply);
    }
    if (move.kind == Move::Kind::wait) now = std::max(now, move.until);
    return move;
  }
  /// The rest of the run; the words of its end.
  std::string finish(int most = 10'000) {
    for (int i = 0; i < most; ++i) {
      const Move move = next();
      if (move.kind == Move::Kind::done) return move.ok ? "ok" : move.text;
    }
    return "no end";
  }
  std::shared_ptr<const StepProgram> program;
  std::optional<StepRun> run;
  std::vector<std::string> sent;
  Result<std::string> reply = std::string("done");
  std::optional<double> tick;
  MonoTime now{1h};
};

using Sent = std::vector<std::string>;

std::string program(const std::string& actions) {
  return R"({"name":"x","variables":{"n":0,"who":"nobody"},"actions":[)" + actions + "]}";
}

TEST(StepRun, CountsDownWithPauses) {
  Player p(program(R"({"type":"loop","parameters":{"count":3,"as":"left","down":true,"actions":[
    {"type":"say","command":"Restart in ${left} min"},{"type":"pause","parameters":{"seconds":60}}]}},
    {"type":"say","command":"Restart now"})"));
  EXPECT_EQ(p.finish(), "ok");
  EXPECT_EQ(p.sent, (Sent{"say Restart in 3 min", "say Restart in 2 min", "say Restart in 1 min",
                          "say Restart now"}));
  EXPECT_EQ(p.now, MonoTime(1h + 3min));
}

TEST(StepRun, TakesTheBranchThatTheConditionNames) {
  const std::string actions = program(R"({"type":"if","condition":"tick_ratio < 0.8","parameters":{
    "then":[{"type":"command","command":"clean"}],"else":[{"type":"command","command":"rest"}]}})");
  Player slow(actions), fast(actions), unknown(actions);
  slow.tick = 0.5;
  fast.tick = 1;
  slow.finish();
  fast.finish();
  unknown.finish();
  EXPECT_EQ(slow.sent, Sent{"clean"});
  EXPECT_EQ(fast.sent, Sent{"rest"});
  EXPECT_EQ(unknown.sent, Sent{"rest"});
}

TEST(StepRun, WaitsForALineAndTakesTheNameOutOfIt) {
  Player p(program(R"({"type":"wait_for","parameters":{"line":"{who} joined","timeout_s":10}},
                      {"type":"say","command":"Hi ${who}"})"));
  EXPECT_EQ(p.run->next(p.now, {}).until, MonoTime(1h + 10s));
  EXPECT_FALSE(p.run->line("Bob left"));
  EXPECT_TRUE(p.run->line("B;ob joined"));
  EXPECT_EQ(p.finish(), "ok");
  EXPECT_EQ(p.sent, Sent{"say Hi B_ob"});
  EXPECT_EQ(p.now, MonoTime(1h));
}

TEST(StepRun, EndsWhenItWaitsInVain) {
  Player p(program(R"({"type":"wait_for","parameters":{"line":"x","timeout_s":2}})"));
  EXPECT_EQ(p.finish(), "actions[0]: waited in vain for 2000 ms");
  EXPECT_EQ(p.now, MonoTime(1h + 2s));
}

TEST(StepRun, AsksAConditionFourTimesASecond) {
  Player p(program(R"({"type":"wait_for","condition":"tick_ratio > 0.9"})"));
  EXPECT_EQ(p.next().until, MonoTime(1h + 250ms));
  p.tick = 1;
  EXPECT_EQ(p.finish(), "ok");
}

TEST(StepRun, StopsAtARefusalUnlessToldToGoOn) {
  Player stops(program(R"({"type":"command","command":"a"},{"type":"command","command":"b"})"));
  stops.reply = Error{Errc::unavailable, "link lost"};
  EXPECT_EQ(stops.finish(), "actions[0]: link lost");
  Player goes(program(R"({"type":"command","command":"a","parameters":{"on_error":"continue"}})"));
  goes.reply = Error{Errc::unavailable, "link lost"};
  EXPECT_EQ(goes.finish(), "ok");
}

TEST(StepRun, KeepsRepliesAndTakesWordsOutOfThem) {
  Player p(program(R"({"type":"command","command":"status",
    "parameters":{"save":"all","capture":"players: {n}"}},
    {"type":"if","condition":"n >= 2 and reply contains 'map'",
     "parameters":{"then":[{"type":"say","command":"${n} players"}]}})"));
  p.reply = std::string("map: dm1\nplayers: 2\nend");
  EXPECT_EQ(p.finish(), "ok");
  EXPECT_EQ(p.sent, (Sent{"status", "say 2 players"}));
}

TEST(StepRun, EndsALoopByItsConditionOrItsCount) {
  const std::string body = R"("count":5,"actions":[{"type":"command","command":"go ${n}",
    "parameters":{"add":{"n":1}}}]}})";
  Player until(program(R"({"type":"loop","condition":"n < 2","parameters":{)" + body));
  EXPECT_EQ(until.finish(), "ok");
  EXPECT_EQ(until.sent, (Sent{"go 0", "go 1"}));
  Player counted(program(R"({"type":"loop","parameters":{)" + body));
  counted.finish();
  EXPECT_EQ(counted.sent.size(), 5U);
}

TEST(StepRun, LetsGoOfTheCallerInALoopThatDoesNothing) {
  Player p(program(R"({"type":"loop","parameters":{"count":100000,"actions":[
    {"type":"loop","parameters":{"count":100000,"actions":[]}}]}})"));
  EXPECT_EQ(p.next().kind, Move::Kind::wait);
  EXPECT_EQ(p.now, MonoTime(1h + 10ms));
}

TEST(StepRun, TakesArgumentsThatAreDeclared) {
  Player p(program(R"({"type":"say","command":"${who}"})"), R"({"who":"Bob\"; quit"})");
  p.finish();
  EXPECT_EQ(p.sent, Sent{"say Bob__ quit"});
  EXPECT_EQ(variables_with_args(*p.program, R"({"whom":"x"})").error().message,
            "args.whom: the macro declares no such variable");
  EXPECT_FALSE(variables_with_args(*p.program, "[]"));
  EXPECT_FALSE(variables_with_args(*p.program, R"({"who":[]})"));
}

TEST(StepRun, QuotesWhatIsSaid) {
  Player p(R"({"name":"x","settings":{"say":"say \"${text}\""},
    "actions":[{"type":"say","command":"a \"b\" c"}]})");
  p.finish();
  EXPECT_EQ(p.sent, Sent{"say \"a 'b' c\""});
}

TEST(StepRun, TellsOperatorsAndTheLogWithoutTheGame) {
  Player p(program(R"({"type":"say","command":"a","parameters":{"to":"operators"}},
                      {"type":"say","command":"b","parameters":{"to":"log"}})"));
  EXPECT_EQ(p.next().kind, Move::Kind::notify);
  EXPECT_EQ(p.next().kind, Move::Kind::log);
  EXPECT_EQ(p.finish(), "ok");
  EXPECT_TRUE(p.sent.empty());
}

TEST(StepRun, SkipsAPauseWhoseConditionIsNotTrue) {
  Player p(program(R"({"type":"pause","delay_ms":1000,"condition":"n == 1"})"));
  EXPECT_EQ(p.finish(), "ok");
  EXPECT_EQ(p.now, MonoTime(1h));
}

TEST(StepRun, WaitsBeforeAStepThatHasADelay) {
  Player p(program(R"({"type":"command","command":"a","delay_ms":1500})"));
  EXPECT_EQ(p.next().until, MonoTime(1h + 1500ms));
  EXPECT_EQ(p.finish(), "ok");
  EXPECT_EQ(p.sent, Sent{"a"});
}

}  // namespace
}  // namespace gk::macros
