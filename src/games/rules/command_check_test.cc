#include "games/rules/command_check.h"

#include <gtest/gtest.h>

namespace gk::games {
namespace {

using namespace std::string_literals;

GameSettings game(std::vector<std::string> allow = {}, std::vector<std::string> dangerous = {}) {
  GameSettings out;
  out.name = "tee";
  out.kind = "teeworlds";
  out.allow = std::move(allow);
  out.dangerous = std::move(dangerous);
  return out;
}
Errc code(const GameSettings& g, std::string_view command, bool confirmed = false) {
  const auto result = check_command(g, command, confirmed);
  return result ? Errc{} : result.error().code;
}

class Separators : public testing::TestWithParam<std::string> {};
TEST_P(Separators, AreRefused) {
  EXPECT_EQ(code(game(), "echo a" + GetParam() + "shutdown"), Errc::invalid_argument);
  EXPECT_EQ(code(game(), "echo a" + GetParam() + "shutdown", true), Errc::invalid_argument)
      << "a confirmation is no leave to smuggle";
}
INSTANTIATE_TEST_SUITE_P(All, Separators,
                         testing::Values("\n", "\r", "\0"s, ";", "\x1b", "\x7f", "\x0b"));

// Of each kind: what its protocol reads as an end, by the protocol and not by our own table.
class KindSeparators : public testing::TestWithParam<std::pair<std::string, std::string>> {};
TEST_P(KindSeparators, AreRefused) {
  GameSettings g = game();
  g.kind = GetParam().first;
  for (const char byte : GetParam().second) {
    const std::string smuggled = "say a" + std::string(1, byte) + "quit";
    EXPECT_EQ(code(g, smuggled, true), Errc::invalid_argument) << static_cast<int>(byte);
  }
  EXPECT_EQ(code(g, "say a quit", true), Errc{}) << "the control: nothing in it ends a command";
}
INSTANTIATE_TEST_SUITE_P(
    All, KindSeparators,
    testing::Values(std::pair("teeworlds"s, "\r\n\0;"s), std::pair("openttd"s, "\r\n\0"s),
                    std::pair("source"s, "\r\n\0;"s), std::pair("quake3"s, "\r\n\0;"s),
                    std::pair("mud"s, "\r\n\0\xFF"s), std::pair("stdio"s, "\r\n\0"s),
                    std::pair("luanti"s, "\r\n\0"s)));
TEST(CommandCheck, KeepsTheFramingOfALinkToItself) {
  GameSettings mux = game();
  mux.kind = "mud";
  EXPECT_EQ(code(mux, "OUTPUTSUFFIX x", true), Errc::invalid_argument);
  EXPECT_EQ(code(mux, "outputprefix", true), Errc::invalid_argument);
  EXPECT_EQ(code(mux, "think OUTPUTSUFFIX"), Errc{});
}

TEST(CommandCheck, NamesThePlace) {
  EXPECT_EQ(check_command(game(), "ab\ncd", false).error().message,
            "LF at position 2 would end the command");
}
TEST(CommandCheck, RefusesEmptyLongAndMalformed) {
  EXPECT_EQ(code(game(), ""), Errc::invalid_argument);
  EXPECT_EQ(code(game(), "   "), Errc::invalid_argument);
  EXPECT_EQ(code(game(), std::string(500, 'x')), Errc{});
  EXPECT_EQ(code(game(), std::string(501, 'x')), Errc::invalid_argument);
  EXPECT_EQ(code(game(), "say \xFF"), Errc::invalid_argument);
}
TEST(CommandCheck, TakesASemicolonWhereItEndsNothing) {
  GameSettings mux = game();
  mux.kind = "mud";
  EXPECT_EQ(code(mux, "@force me={a;b}"), Errc{});
}
TEST(CommandCheck, HoldsToTheAllowList) {
  const GameSettings g = game({"echo", "sv_*", "say hello"});
  EXPECT_EQ(code(g, "echo x"), Errc{});
  EXPECT_EQ(code(g, "ECHO x"), Errc{});
  EXPECT_EQ(code(g, "sv_map dm1"), Errc{});
  EXPECT_EQ(code(g, "say hello all"), Errc{});
  EXPECT_EQ(code(g, "say bye"), Errc::permission_denied);
  EXPECT_EQ(code(g, "echoes"), Errc::permission_denied);
  EXPECT_EQ(code(g, "shutdown", true), Errc::permission_denied);
}

class Disguises : public testing::TestWithParam<std::string> {};
TEST_P(Disguises, AreDangerousToo) {
  const GameSettings g = game({}, {"shutdown"});
  EXPECT_EQ(code(g, GetParam()), Errc::failed_precondition);
  EXPECT_EQ(code(g, GetParam(), true), Errc{});
}
INSTANTIATE_TEST_SUITE_P(All, Disguises,
                         testing::Values("shutdown", "  shutdown", "SHUTDOWN now", "\"shutdown\"",
                                         "/shutdown", "//shutdown", "shut\\down", "'shutdown' 1"));

TEST(CommandCheck, DoesNotTakeAWordInsideForTheCommand) {
  EXPECT_EQ(code(game({}, {"shutdown"}), "say shutdown is near"), Errc{});
}
TEST(CommandCheck, KnowsChat) {
  EXPECT_TRUE(is_chat(*find_kind("teeworlds"), "say hi"));
  EXPECT_FALSE(is_chat(*find_kind("teeworlds"), "echo say"));
  EXPECT_TRUE(is_chat(*find_kind("mud"), "\"hello"));
  EXPECT_TRUE(is_chat(*find_kind("mud"), ":waves"));
}

}  // namespace
}  // namespace gk::games
