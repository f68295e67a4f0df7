#include "sessions/rules/command.h"

#include <gtest/gtest.h>

#include <set>

namespace gk::sessions {
namespace {

CommandReading read(std::string_view text) { return read_command(parse_json(text).value()); }

std::string first_complaint(std::string_view text) {
  const auto reading = read(text);
  EXPECT_FALSE(reading.command) << text;
  return reading.complaints.empty()
             ? ""
             : reading.complaints[0].first + ": " + reading.complaints[0].second;
}

TEST(ReadCommand, TakesTheLiteralForms) {
  const auto start = read(R"({"type":"session","action":"start","character_name":"Hero One"})");
  ASSERT_TRUE(start.command);
  EXPECT_EQ(start.command->kind, CommandKind::session_start);
  EXPECT_EQ(start.command->character_name, "Hero One");
  const auto mode = read(R"({"type":"mode","action":"execute","mode_name":"farm"})");
  ASSERT_TRUE(mode.command);
  EXPECT_EQ(mode.command->kind, CommandKind::mode_execute);
  EXPECT_EQ(mode.command->mode_name, "farm");
}

TEST(ReadCommand, NamesTheTypesThatAreAllowed) {
  EXPECT_EQ(first_complaint(R"({"type":"rocket","action":"start"})"),
            "type: expected one of session, mode, macro, config, diagnostics, emergency; got "
            "\"rocket\"");
}

TEST(ReadCommand, NamesTheTypesAtOnceWithTheMissingAction) {
  const auto complaints = read(R"({"type":"zap"})").complaints;
  ASSERT_EQ(complaints.size(), 2U);
  EXPECT_EQ(complaints[0].first, "type");
  EXPECT_NE(complaints[0].second.find("expected one of session, mode"), std::string::npos);
  EXPECT_EQ(complaints[1].first, "action");
  EXPECT_EQ(first_complaint(R"({"type":"mode"})"),
            "action: is required; expected one of execute, stop for type mode");
}

TEST(ReadCommand, NamesTheActionsOfItsType) {
  EXPECT_EQ(first_complaint(R"({"type":"session","action":"explode"})"),
            "action: expected one of start, pause, stop for type session; got \"explode\"");
}

TEST(ReadCommand, NamesTheFieldsOfItsAction) {
  const std::string complaint =
      first_complaint(R"({"type":"mode","action":"execute","mode_name":"a","macro_id":"b"})");
  EXPECT_NE(complaint.find("macro_id"), std::string::npos) << complaint;
  EXPECT_NE(complaint.find("mode_name, session_id, character_name"), std::string::npos)
      << complaint;
}

TEST(ReadCommand, WantsACharacterOrASessionToStart) {
  EXPECT_NE(first_complaint(R"({"type":"session","action":"start"})").find("character_name"),
            std::string::npos);
}

TEST(ReadCommand, RefusesNamesThatLeadElsewhere) {
  EXPECT_EQ(first_complaint(R"({"type":"mode","action":"execute","mode_name":"../etc"})"),
            "mode_name: expected 1 to 64 of a-z, 0-9, _ and -");
}

TEST(ReadCommand, RefusesABodyThatIsNoObject) {
  EXPECT_FALSE(read("[]").complaints.empty());
  EXPECT_FALSE(read("null").complaints.empty());
}

TEST(ReadCommand, RefusesArgsThatAreNoObjectOrTooLong) {
  EXPECT_EQ(first_complaint(R"({"type":"macro","action":"start","macro_id":"m","args":3})"),
            "args: expected an object, got number");
  const std::string text(kMaxArgsBytes, 'x');
  EXPECT_EQ(first_complaint(R"({"type":"macro","action":"start","macro_id":"m","args":{"a":")" +
                            text + "\"}}"),
            "args: longer than 8 KiB");
}

TEST(CommandSpecs, HaveARowAndAScopeForEachKind) {
  std::set<CommandKind> kinds;
  for (const CommandSpec& spec : command_specs()) {
    kinds.insert(spec.kind);
    EXPECT_FALSE(spec.scope.empty()) << spec.type << " " << spec.action;
  }
  EXPECT_EQ(kinds.size(), static_cast<std::size_t>(CommandKind::emergency_stop) + 1);
}

TEST(CharacterName, IsPrintableTextOfAtMost64Bytes) {
  EXPECT_TRUE(is_character_name("Ünal der Große"));
  EXPECT_TRUE(is_character_name(std::string(64, 'x')));
  EXPECT_FALSE(is_character_name(std::string(65, 'x')));
  EXPECT_FALSE(is_character_name(""));
  EXPECT_FALSE(is_character_name(" a"));
  EXPECT_FALSE(is_character_name("a\nb"));
  EXPECT_FALSE(is_character_name("a\xff"));
}

}  // namespace
}  // namespace gk::sessions
