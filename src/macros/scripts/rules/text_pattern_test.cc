#include "macros/scripts/rules/text_pattern.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

Captures take(const char* pattern, const char* line) {
  return TextPattern::parse(pattern).value().match(line).value_or(Captures{{"no match", ""}});
}

TEST(TextPattern, TakesTheNameOutOfAGreeting) {
  EXPECT_EQ(take("* '{player}' entered and joined the *", "*** 'Bob' entered and joined the game"),
            (Captures{{"player", "Bob"}}));
}

TEST(TextPattern, MatchesAWholeLineOnly) {
  const auto pattern = TextPattern::parse("pong").value();
  EXPECT_TRUE(pattern.match("pong"));
  EXPECT_FALSE(pattern.match("pong!"));
  EXPECT_FALSE(pattern.match("a pong"));
}

TEST(TextPattern, KeepsAtLeastOneCharacter) {
  EXPECT_FALSE(TextPattern::parse("<{name}>").value().match("<>"));
  EXPECT_EQ(take("<{name}>", "<a>"), (Captures{{"name", "a"}}));
}

TEST(TextPattern, TakesTheShortestThatFits) {
  EXPECT_EQ(take("{a}: {b}", "x: y: z"), (Captures{{"a", "x"}, {"b", "y: z"}}));
}

TEST(TextPattern, TakesSpecialCharactersAfterABackslash) {
  EXPECT_TRUE(TextPattern::parse("\\*\\{x}").value().match("*{x}"));
}

TEST(TextPattern, SaysWhereAPatternIsWrong) {
  EXPECT_EQ(TextPattern::parse("ab{x").error().message, "pattern, character 3: expected } after {");
  EXPECT_EQ(TextPattern::parse("{x}*").error().message,
            "pattern, character 4: expected some text between two wilds");
  EXPECT_FALSE(TextPattern::parse("{X}"));
  EXPECT_FALSE(TextPattern::parse("x\\"));
  EXPECT_FALSE(TextPattern::parse(""));
  EXPECT_FALSE(TextPattern::parse(std::string(257, 'x')));
}

// A pattern that takes exponential time as a regular expression.
TEST(TextPattern, IsLinearWhereBacktrackingWouldNotEnd) {
  const auto pattern = TextPattern::parse("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab").value();
  EXPECT_FALSE(pattern.match(std::string(100'000, 'a')));
}

}  // namespace
}  // namespace gk::macros
