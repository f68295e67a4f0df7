#include "macros/scripts/json_lines.h"

#include <gtest/gtest.h>

#include <random>

namespace gk::macros::json_lines {
namespace {

std::vector<Line> read_all(std::string_view text) {
  Reader reader;
  reader.append(text);
  std::vector<Line> out;
  while (auto line = reader.next()) out.push_back(std::move(*line));
  return out;
}

const Bad& bad_of(const std::vector<Line>& lines) { return std::get<Bad>(lines.at(0)); }

TEST(JsonLines, ReadsASendWithItsId) {
  const auto lines = read_all("{\"id\":7,\"send\":\"say hi\",\"timeout_s\":2.5}\n");
  const auto& request = std::get<Request>(lines.at(0));
  EXPECT_EQ(request.id, 7U);
  const auto& send = std::get<lua::Send>(request.wish);
  EXPECT_EQ(send.command, "say hi");
  EXPECT_EQ(send.timeout_s, 2.5);
  EXPECT_FALSE(send.chat);
}

TEST(JsonLines, KeepsTheTypeOfAStateValue) {
  const auto lines = read_all("{\"id\":0,\"state_set\":\"k\",\"value\":{\"n\":[1,null,2.5]}}\r\n");
  const auto& set = std::get<lua::StateSet>(std::get<Request>(lines.at(0)).wish);
  EXPECT_EQ(set.key, "k");
  EXPECT_EQ(set.value, *parse_json("{\"n\":[1,null,2.5]}"));
}

TEST(JsonLines, LeavesLinesThatAreNoObjectAsTheyAre) {
  const auto lines = read_all("hello\n[1,2]\n 42 {}\nnot whole");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(std::get<Plain>(lines[0]).text, "hello");
  EXPECT_EQ(std::get<Plain>(lines[1]).text, "[1,2]");
  EXPECT_EQ(std::get<Plain>(lines[2]).text, " 42 {}");
}

TEST(JsonLines, NamesWhatIsWrong) {
  EXPECT_FALSE(bad_of(read_all("{\"id\":1\n")).id);
  const auto unknown = read_all("{\"id\":1,\"snd\":\"x\"}\n");
  EXPECT_EQ(bad_of(unknown).id, 1U);
  EXPECT_NE(bad_of(unknown).message.find("expected one of send"), std::string::npos);
  EXPECT_NE(bad_of(unknown).message.find("snd"), std::string::npos);
  const auto two = read_all("{\"id\":1,\"send\":\"x\",\"log\":\"y\"}\n");
  EXPECT_NE(bad_of(two).message.find("one wish a line"), std::string::npos);
  const auto type = read_all("{\"id\":1,\"send\":[\"x\"]}\n");
  EXPECT_NE(bad_of(type).message.find("expected a string"), std::string::npos);
  const auto silent = read_all("{\"metrics\":true}\n");
  EXPECT_NE(bad_of(silent).message.find("id"), std::string::npos);
  EXPECT_NE(bad_of(read_all("{\"id\":1,\"metrics\":false}\n")).message.find("expected true"),
            std::string::npos);
}

TEST(JsonLines, RefusesAnIdThatIsNone) {
  EXPECT_FALSE(bad_of(read_all("{\"id\":-1,\"send\":\"x\"}\n")).id);
  EXPECT_FALSE(bad_of(read_all("{\"id\":4294967296,\"send\":\"x\"}\n")).id);
  EXPECT_FALSE(bad_of(read_all("{\"id\":\"1\",\"send\":\"x\"}\n")).id);
  EXPECT_FALSE(bad_of(read_all("{\"id\":1.5,\"send\":\"x\"}\n")).id);
}

TEST(JsonLines, PassesOverTheRestOfALineThatIsTooLong) {
  Reader reader;
  reader.append("{" + std::string(kMaxLine, 'x'));
  const auto line = reader.next();
  ASSERT_TRUE(line);
  EXPECT_NE(std::get<Bad>(*line).message.find("65536"), std::string::npos);
  reader.append(std::string(kMaxLine, 'y'));
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.buffered(), 0U) << "nothing of it is kept";
  reader.append("zz\nnext\n");
  EXPECT_EQ(std::get<Plain>(reader.next().value()).text, "next");
}

TEST(JsonLines, TakesALineAtTheLimitAndNotOneByteMore) {
  const std::string head = "{\"log\":\"a\",\"id\":1", tail = "}";
  const auto padded = [&](std::size_t size) {
    return head + std::string(size - head.size() - tail.size(), ' ') + tail + "\nnext\n";
  };
  const auto fits = read_all(padded(kMaxLine));
  EXPECT_TRUE(std::holds_alternative<Request>(fits.at(0)));
  const auto longer = read_all(padded(kMaxLine + 1));
  EXPECT_TRUE(std::holds_alternative<Bad>(longer.at(0)));
  EXPECT_EQ(std::get<Plain>(longer.at(1)).text, "next");
}

// Property: however bytes are cut, the lines are the same, and little is held.
TEST(JsonLines, ReadsTheSameHoweverItIsCut) {
  std::mt19937 random(7);
  const std::string alphabet = "{}\"id:1,sendlog\n\n\r x\\[]\xff";
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 400; ++i) text += alphabet[random() % alphabet.size()];
    text += "\n{\"id\":1,\"log\":\"end\"}\n";
    const auto whole = read_all(text);
    Reader reader;
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % 9;
      reader.append(std::string_view(text).substr(at, size));
      at += size;
      while (auto line = reader.next()) {
        ASSERT_LT(count, whole.size());
        ASSERT_EQ(line->index(), whole[count].index());
        ++count;
      }
    }
    ASSERT_EQ(count, whole.size());
    ASSERT_TRUE(std::holds_alternative<Request>(whole.back()) ||
                std::holds_alternative<Bad>(whole.back()));
  }
}

TEST(JsonLines, WritesAnswersThatReadBack) {
  EXPECT_EQ(reply_line(3, JsonValue(std::string("a\nb"))), "{\"id\":3,\"reply\":\"a\\nb\"}\n");
  EXPECT_EQ(error_line({}, {Errc::invalid_argument, "no"}),
            "{\"id\":null,\"error\":{\"code\":\"invalid_argument\",\"message\":\"no\"}}\n");
  EXPECT_EQ(event_line("paused"), "{\"event\":\"paused\"}\n");
  EXPECT_EQ(game_line("<x> \"hi\""), "{\"event\":\"line\",\"text\":\"<x> \\\"hi\\\"\"}\n");
}

}  // namespace
}  // namespace gk::macros::json_lines
