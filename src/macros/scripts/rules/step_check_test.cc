#include "macros/scripts/rules/step_check.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

std::string program(const std::string& actions) {
  return R"({"name":"x","actions":[)" + actions + "]}";
}
std::string times(int n, const std::string& one) {
  std::string out;
  for (int i = 0; i < n; ++i) out += (i == 0 ? "" : ",") + one;
  return out;
}
const std::string kPause = R"({"type":"pause","delay_ms":1000})";
const std::string kLoop = R"({"type":"loop","parameters":{"count":1,"actions":[]}})";

TEST(StepCheck, NeedsANameAndActions) {
  EXPECT_FALSE(check_steps(R"({"name":"","actions":[]})", CheckLevel::basic).valid);
  EXPECT_FALSE(check_steps(R"({"name":"x","actions":[]})", CheckLevel::basic).valid);
  EXPECT_TRUE(check_steps(program(kPause), CheckLevel::basic).valid);
}

TEST(StepCheck, AllowsFiveLoopsAtStrict) {
  EXPECT_TRUE(check_steps(program(times(5, kLoop)), CheckLevel::strict).valid);
  EXPECT_FALSE(check_steps(program(times(6, kLoop)), CheckLevel::strict).valid);
  const auto basic = check_steps(program(times(6, kLoop)), CheckLevel::basic);
  EXPECT_TRUE(basic.valid);
  EXPECT_EQ(basic.warnings.size(), 1U);
}

TEST(StepCheck, CountsPausesOfEveryRound) {
  const auto loop = [](const std::string& count) {
    return program(R"({"type":"loop","parameters":{"count":)" + count + R"(,"actions":[)" + kPause +
                   "]}}");
  };
  EXPECT_TRUE(check_steps(loop("300"), CheckLevel::strict).valid);
  EXPECT_FALSE(check_steps(loop("301"), CheckLevel::strict).valid);
  EXPECT_EQ(check_steps(loop("300"), CheckLevel::strict).estimated_duration, Nanos(Seconds(300)));
}

TEST(StepCheck, FindsDangerousCommandsAtComplete) {
  const std::string bad = program(R"({"type":"command","command":"echo a; ShutDown now"})");
  EXPECT_TRUE(check_steps(bad, CheckLevel::strict).valid);
  const auto report = check_steps(bad, CheckLevel::complete);
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors[0].first, "actions[0].command");
  EXPECT_EQ(report.errors[0].second, "shutdown is dangerous");
}

TEST(StepCheck, AllowsAHundredActionsAtComplete) {
  EXPECT_TRUE(check_steps(program(times(100, kPause)), CheckLevel::complete).valid);
  EXPECT_FALSE(check_steps(program(times(101, kPause)), CheckLevel::complete).valid);
}

TEST(StepCheck, FindsACommandThatComesFromAVariable) {
  EXPECT_FALSE(check_steps(R"({"name":"x","variables":{"c":"quit"},"actions":[
    {"type":"command","command":"${c}"}]})",
                           CheckLevel::complete)
                   .valid);
}

TEST(StepCheck, KnowsDangerousWordsOnly) {
  EXPECT_EQ(dangerous_word("/stop"), "stop");
  EXPECT_EQ(dangerous_word("@Shutdown"), "@shutdown");
  EXPECT_EQ(dangerous_word("say stop"), std::nullopt);
  EXPECT_EQ(dangerous_word("stopwatch"), std::nullopt);
  EXPECT_EQ(dangerous_word(""), std::nullopt);
}

TEST(StepCheck, AnswersAsJson) {
  EXPECT_EQ(check_report_json(check_steps(program(kPause), CheckLevel::complete)),
            R"({"valid":true,"errors":[],"warnings":[],"action_count":1,"estimated_duration":1})");
}

TEST(LuaHead, ReadsTheCommentsAtTheTop) {
  Complaints complaints;
  const LuaHead head = read_lua_head(
      "-- name: fish\n-- version: 2\n-- game: mux\n-- tags: a, b\n-- on_cancel: say bye\n"
      "-- a remark: it is kept out\n\nlocal x = 1\n-- name: other\n",
      complaints);
  EXPECT_TRUE(complaints.empty());
  EXPECT_EQ(head.name, "fish");
  EXPECT_EQ(head.game, "mux");
  EXPECT_EQ(head.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(head.on_cancel, std::vector<std::string>{"say bye"});
}

TEST(LuaHead, RefusesACompiledChunk) {
  EXPECT_FALSE(check_lua_text("\x1bLua", CheckLevel::basic).valid);
  EXPECT_FALSE(check_lua_text(std::string("-- name: x\n\0", 12), CheckLevel::basic).valid);
}

TEST(LuaHead, FindsWhatTheSandboxLacksAndWhatIsDangerous) {
  const std::string source = "-- name: x\nlocal s = require('socket')\ngame.send(\"shutdown\")\n";
  const auto report = check_lua_text(source, CheckLevel::complete);
  EXPECT_FALSE(report.valid);
  EXPECT_EQ(report.warnings[0].first, "line 2");
  EXPECT_EQ(report.errors[0],
            (std::pair<std::string, std::string>{"line 3", "shutdown is dangerous"}));
  EXPECT_TRUE(check_lua_text(source, CheckLevel::strict).valid);
}

}  // namespace
}  // namespace gk::macros
