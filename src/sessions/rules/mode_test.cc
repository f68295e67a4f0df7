#include "sessions/rules/mode.h"

#include <gtest/gtest.h>

namespace gk::sessions {
namespace {

ModeReading read(std::string_view text, std::string name = "farm") {
  return read_mode(std::move(name), parse_json(text).value());
}

TEST(ReadMode, ReadsBackWhatItWrote) {
  const auto first = read(
      R"({"description":"d","macros":[{"macro_id":"heal","args":{"at":30}},{"macro_id":"buff",
          "profile":"buff","safety_level":"safe","game":"tw"}],"settings":{"zone":"north"}})");
  ASSERT_TRUE(first.complaints.empty());
  const auto second = read(mode_json(first.mode));
  EXPECT_TRUE(second.complaints.empty());
  EXPECT_EQ(mode_json(second.mode), mode_json(first.mode));
  EXPECT_EQ(second.mode.macros.size(), 2U);
}

TEST(ReadMode, ReportsAllFaultsWithTheirPlaces) {
  const auto bad = read(R"({"macros":[{"macro_id":"A B"},{"macro_id":"x","level":1},
                            {"macro_id":"x"}],"settings":[]})",
                        "Bad Name");
  std::string all;
  for (const auto& [path, message] : bad.complaints) all += path + ": " + message + "\n";
  EXPECT_NE(all.find("macros[0].macro_id: expected 1 to 64"), std::string::npos) << all;
  EXPECT_NE(all.find("macros[1].level: unknown key"), std::string::npos) << all;
  EXPECT_NE(all.find("macros[2].macro_id: is in the mode already"), std::string::npos) << all;
  EXPECT_NE(all.find("settings: expected an object, got array"), std::string::npos) << all;
  EXPECT_NE(all.find("name: expected 1 to 64"), std::string::npos) << all;
}

TEST(ReadMode, WantsAtLeastOneMacro) {
  EXPECT_FALSE(read(R"({"macros":[]})").complaints.empty());
  EXPECT_FALSE(read("{}").complaints.empty());
}

TEST(MacroArgs, LetsTheMacrosOwnArgsWinOverTheSettings) {
  const auto mode =
      read(R"({"macros":[{"macro_id":"a","args":{"zone":"south","n":1}},{"macro_id":"b"}],
               "settings":{"zone":"north","pace":2}})")
          .mode;
  EXPECT_EQ(macro_args(mode, mode.macros[0]), R"({"zone":"south","pace":2,"n":1})");
  EXPECT_EQ(macro_args(mode, mode.macros[1]), R"({"zone":"north","pace":2})");
}

}  // namespace
}  // namespace gk::sessions
