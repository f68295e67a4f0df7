#include "macros/scripts/rules/condition.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

bool holds(const char* text, const Variables& variables = {},
           std::optional<double> tick = std::nullopt) {
  return Condition::parse(text).value().holds(
      variables, [&](std::string_view name) { return name == "tick_ratio" ? tick : std::nullopt; });
}

TEST(Condition, ComparesSignals) {
  EXPECT_TRUE(holds("tick_ratio < 0.8", {}, 0.79));
  EXPECT_FALSE(holds("tick_ratio < 0.8", {}, 0.8));
  EXPECT_TRUE(holds("tick_ratio >= 0.8", {}, 0.8));
}

TEST(Condition, AnUnknownSignalNeverActs) {
  EXPECT_FALSE(holds("tick_ratio < 0.8"));
  EXPECT_FALSE(holds("not tick_ratio < 0.8"));
  EXPECT_FALSE(holds("tick_ratio < 0.8 or tick_ratio >= 0.8"));
  EXPECT_TRUE(holds("tick_ratio < 0.8 or 1 == 1"));
  EXPECT_FALSE(holds("known(tick_ratio)"));
  EXPECT_TRUE(holds("not known(tick_ratio)"));
}

TEST(Condition, ComparesNumbersAsNumbersAndTextsAsTexts) {
  EXPECT_TRUE(holds("n == 3", {{"n", {"3.0", false}}}));
  EXPECT_FALSE(holds("n == '3.0x'", {{"n", {"3.0", false}}}));
  EXPECT_TRUE(holds("who == 'nan'", {{"who", {"nan", true}}}));
  EXPECT_FALSE(holds("who < 'x'", {{"who", {"a", true}}}));
  EXPECT_TRUE(holds("reply contains 'no'", {{"reply", {"no such", true}}}));
}

TEST(Condition, BindsNotBeforeAndBeforeOr) {
  EXPECT_TRUE(holds("1 == 1 or 1 == 2 and 1 == 2"));
  EXPECT_FALSE(holds("(1 == 1 or 1 == 2) and 1 == 2"));
  EXPECT_TRUE(holds("not 1 == 2 and 1 == 1"));
}

TEST(Condition, SaysWhereItIsWrong) {
  EXPECT_EQ(Condition::parse("a <").error().message,
            "character 4: expected a name, a number or a 'text'");
  EXPECT_EQ(Condition::parse("a b").error().message,
            "character 3: expected one of < <= > >= == != contains");
  EXPECT_EQ(Condition::parse("known(x)").error().message,
            "character 8: expected a signal inside known()");
  EXPECT_FALSE(Condition::parse("a == 'x"));
  EXPECT_FALSE(Condition::parse("(a == 1"));
  EXPECT_FALSE(Condition::parse("a == 1)"));
  EXPECT_FALSE(Condition::parse(""));
}

TEST(Condition, RefusesWhatIsNestedTooDeeply) {
  const std::string text = std::string(17, '(') + "1 == 1" + std::string(17, ')');
  EXPECT_FALSE(Condition::parse(text));
  EXPECT_TRUE(Condition::parse("((1 == 1))"));
}

TEST(Condition, ListsItsVariables) {
  EXPECT_EQ(Condition::parse("a < tick_ratio and b == 'c'").value().variables(),
            (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace gk::macros
