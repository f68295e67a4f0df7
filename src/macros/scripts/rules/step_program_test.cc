#include "macros/scripts/rules/step_program.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "testing/seeded_random.h"

namespace gk::macros {
namespace {

std::string fault(const std::string& json) {
  Complaints complaints;
  (void)read_steps(json, complaints);
  return joined(complaints);
}
std::string in_actions(const std::string& action) {
  return R"({"name":"x","actions":[)" + action + "]}";
}

constexpr const char* kWhole = R"({
  "name": "greeter", "description": "says hello", "version": "1.2", "author": "Ada",
  "tags": ["chat"], "category": "social", "game": "arena",
  "variables": {"greeting": "Welcome", "limit": 3},
  "settings": {"say": "say \"${text}\"", "reply_timeout_s": 5, "keep": ["limit"]},
  "actions": [
    {"type": "loop", "parameters": {"count": 10, "as": "round", "actions": [
      {"type": "wait_for", "parameters": {"line": "*'{player}' joined*", "timeout_s": 60,
                                          "on_timeout": "continue"}},
      {"type": "if", "condition": "player != ''", "parameters": {
        "then": [{"type": "say", "command": "${greeting}, ${player}", "delay_ms": 500}],
        "else": [{"type": "pause", "parameters": {"seconds": 1}}]}}]}},
    {"type": "command", "command": "status", "parameters": {"save": "status",
      "capture": "players: {n}", "on_error": "continue", "add": {"limit": -1}}}],
  "on_cancel": [{"type": "say", "command": "The greeter leaves"}]})";

TEST(NeedsGame, IsTrueForStepsAtAnyDepthThatActOnOneOrHearIt) {
  const auto needs = [](const std::string& action) {
    Complaints complaints;
    const auto program = read_steps(in_actions(action), complaints);
    EXPECT_TRUE(program) << joined(complaints);
    return program != nullptr && needs_game(*program);
  };
  EXPECT_TRUE(needs(R"({"type":"command","command":"a"})"));
  EXPECT_TRUE(needs(R"({"type":"say","command":"a"})"));
  EXPECT_TRUE(needs(R"({"type":"wait_for","parameters":{"line":"*joined*"}})"));
  EXPECT_TRUE(needs(
      R"({"type":"loop","parameters":{"count":2,"actions":[{"type":"command","command":"a"}]}})"));
  EXPECT_FALSE(needs(R"({"type":"say","command":"a","parameters":{"to":"operators"}})"));
  EXPECT_FALSE(needs(R"({"type":"pause","delay_ms":1})"));
}

TEST(StepProgram, ReadsEveryMember) {
  Complaints complaints;
  const auto program = read_steps(kWhole, complaints);
  ASSERT_NE(program, nullptr) << joined(complaints);
  EXPECT_EQ(program->name, "greeter");
  EXPECT_EQ(program->game, "arena");
  EXPECT_EQ(program->action_count, 6U);
  EXPECT_EQ(program->variables.at("limit").text, "3");
  EXPECT_EQ(program->keep, std::vector<std::string>{"limit"});
  EXPECT_EQ(program->reply_timeout, Nanos(Seconds(5)));
  const Action& loop = program->actions[0];
  EXPECT_EQ(loop.count, 10U);
  EXPECT_EQ(loop.then[1].then[0].path, "actions[0].parameters.actions[1].parameters.then[0]");
  EXPECT_EQ(loop.then[1].then[0].delay, Nanos(Millis(500)));
  EXPECT_EQ(program->on_cancel.size(), 1U);
}

TEST(StepProgram, NamesThePlaceOfEachFault) {
  EXPECT_EQ(fault(in_actions(R"({"type":"pause","delay_ms":1},{"type":"command","command":"x",
    "condition":"a <"})")),
            "actions[1].condition: character 4: expected a name, a number or a 'text'");
  EXPECT_EQ(fault(in_actions(R"({"type":"jump"})")),
            "actions[0].type: expected command, pause, wait_for, if, loop or say, got jump");
  EXPECT_EQ(fault(in_actions(R"({"type":"command"})")), "actions[0].command: is required");
  EXPECT_EQ(fault(in_actions(R"({"type":"say","command":"${who}"})")),
            "actions[0].command: no variable who is declared, taken from a line or counted by a "
            "loop");
  EXPECT_EQ(fault(in_actions(R"({"type":"pause"})")),
            "actions[0].parameters.seconds: is required, or delay_ms");
  EXPECT_EQ(fault(in_actions(R"({"type":"loop","parameters":{"count":100001,"actions":[]}})")),
            "actions[0].parameters.count: expected a whole number from 1 to 100000, got 100001");
  EXPECT_EQ(fault(R"({"name":"x","actions":{}})"), "actions: expected an array, got object");
}

TEST(StepProgram, RefusesMembersThatItDoesNotKnow) {
  EXPECT_NE(fault(in_actions(R"({"type":"pause","delay_ms":1,"delayms":2})"))
                .find("actions[0].delayms: unknown key"),
            std::string::npos);
  EXPECT_NE(fault(in_actions(R"({"type":"pause","delay_ms":1,"parameters":{"add":3}})"))
                .find("actions[0].parameters.add: expected an object"),
            std::string::npos);
}

TEST(StepProgram, LetsOnCancelOnlySpeak) {
  EXPECT_EQ(fault(R"({"name":"x","actions":[],"on_cancel":[{"type":"pause","delay_ms":1}]})"),
            "on_cancel[0]: expected command or say: it has 5 s for all of them");
}

TEST(StepProgram, BoundsDepthAndNumber) {
  std::string deep = R"({"type":"pause","delay_ms":1})";
  for (int i = 0; i < 9; ++i) {
    deep = R"({"type":"loop","parameters":{"count":1,"actions":[)" + deep + "]}}";
  }
  EXPECT_NE(fault(in_actions(deep)).find("deep"), std::string::npos);
  std::string many = R"({"type":"pause","delay_ms":1})";
  for (int i = 0; i < 1000; ++i) many += R"(,{"type":"pause","delay_ms":1})";
  EXPECT_NE(fault(in_actions(many)).find("more than 1000 actions"), std::string::npos);
}

// Whatever is broken in a file: an answer, never a crash; and the untouched one is accepted.
TEST(StepProgram, SurvivesEveryMutilation) {
  SeededRandom random(3);
  const std::string whole = kWhole;
  ASSERT_EQ(fault(whole), "");
  int refused = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::string text = whole;
    for (int n = 0; n < 3; ++n) {
      text[random.below(text.size())] = "{}[]\",:019ae\\ "[random.below(14)];
    }
    Complaints complaints;
    if (read_steps(text, complaints) == nullptr) {
      ++refused;
      ASSERT_FALSE(complaints.empty());
    }
  }
  EXPECT_GT(refused, 2'000);
}

}  // namespace
}  // namespace gk::macros
