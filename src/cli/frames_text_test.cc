#include "cli/frames_text.h"

#include <gtest/gtest.h>

#include <sstream>

namespace gk::cli {
namespace {

using Row = std::vector<std::string>;

JsonValue performance(const std::string& subjects) {
  return parse_json("{\"subjects\":[" + subjects + "]}").value();
}

std::string known(const std::string& name, const std::string& issues, int total) {
  return R"({"subject":")" + name +
         R"(","source":"claim","fps":{"value":59.94,"state":"known","reason":null},"frame_ms":16.683,)"
         R"("score":{"value":98,"state":"stale","reason":"old"},"issues_total":)" +
         std::to_string(total) + ",\"issues\":[" + issues + "]}";
}

const std::string kUnknown =
    R"({"subject":"gone","source":"server","fps":{"value":null,"state":"unknown","reason":"it ended"},)"
    R"("frame_ms":null,"score":{"value":null,"state":"unknown","reason":"needs fps"},)"
    R"("issues_total":0,"issues":[]})";

std::string issue(const std::string& kind, const std::string& severity, const std::string& source) {
  return R"({"kind":")" + kind + R"(","severity":")" + severity + R"(","source":")" + source +
         R"(","value":1,"at":"2026-11-28T00:00:00Z"})";
}

TEST(FrameRows, SayWhoToldThemAndWhatIsUnknown) {
  EXPECT_EQ(
      frame_rows(performance(known("frames:arena", "", 0) + "," + kUnknown)),
      (std::vector<Row>{{"frames:arena", "claimed", "59.94", "16.68 ms", "98 (stale)", "-"},
                        {"gone", "measured", "unknown (it ended)", "unknown", "unknown", "-"}}));
}

TEST(FrameRows, CountIssuesByKindAndNameTheWorstAndWhoElseSaysSo) {
  const std::string issues =
      issue("stutter", "low", "claim") + "," + issue("stutter", "high", "claim") + "," +
      issue("stutter", "medium", "claim") + "," + issue("memory_pressure", "low", "server");
  EXPECT_EQ(frame_rows(performance(known("a", issues, 6)))[0].back(),
            "memory_pressure (low, measured), stutter x3 (high), 2 older");
}

TEST(FrameRows, LeaveOutTheMachineThatHasNeitherRateNorIssue) {
  std::string machine = kUnknown;
  machine.replace(machine.find("gone"), 4, "");
  EXPECT_TRUE(frame_rows(performance(machine)).empty());
  EXPECT_EQ(frame_rows(performance(known("", "", 0)))[0][0], "(the machine)");
}

TEST(FrameRows, PutTroubleFirst) {
  const auto rows = frame_rows(
      performance(known("a", "", 0) + "," + known("b", issue("low_fps", "low", "claim"), 1)));
  EXPECT_EQ(rows[0][0], "b");
  EXPECT_EQ(rows[1][0], "a");
}

TEST(PrintFrames, IsSilentWhenNobodyTells) {
  std::ostringstream out;
  print_frames(out, performance(""));
  EXPECT_EQ(out.str(), "");
}

TEST(PrintFrames, CountsWhatItLeavesOut) {
  std::ostringstream out;
  print_frames(out, performance(known("a", "", 0) + "," + known("b", "", 0) + "," + kUnknown), 1);
  EXPECT_NE(out.str().find("\na "), std::string::npos);
  EXPECT_EQ(out.str().find("\nb "), std::string::npos);
  EXPECT_NE(out.str().find("and 2 more: gamekeeper status"), std::string::npos);
}

}  // namespace
}  // namespace gk::cli
