#include "games/rules/source_rcon.h"

#include <gtest/gtest.h>

#include "games/rules/transcript_test.h"

namespace gk::games {
namespace {

using namespace std::string_literals;

std::string number(int value) {
  const auto bits = static_cast<unsigned>(value);
  std::string out;
  for (int i = 0; i < 4; ++i) out += static_cast<char>((bits >> (8 * i)) & 0xFF);
  return out;
}
std::string packet(int id, int type, const std::string& text) {
  return number(static_cast<int>(text.size()) + 10) + number(id) + number(type) + text + "\0\0"s;
}

class SourceTest : public testing::Test {
 protected:
  SourceTest() {
    Output out;
    talk.open(out);
    (void)play(talk, packet(1, 0, "") + packet(1, 2, ""));
  }
  SourceConversation talk{"pw", false};
};

TEST(Source, LogsInAndSkipsTheEmptyValueBefore) {
  SourceConversation talk("pw", false);
  Output out;
  talk.open(out);
  EXPECT_EQ(out.writes, Words{packet(1, 3, "pw")});
  EXPECT_EQ(words_of(drip(talk, packet(1, 0, "") + packet(1, 2, ""))), Words{"ready"});
}
TEST(Source, TakesIdMinusOneForAWrongPassword) {
  SourceConversation talk("pw", false);
  EXPECT_EQ(words_of(play(talk, packet(-1, 2, ""))),
            Words{"refused the server says: wrong password"});
}
TEST_F(SourceTest, JoinsASplitAnswerAndEndsAtTheMark) {
  EXPECT_EQ(sent(talk, 7, "status").writes, Words{packet(2, 2, "status")});
  const Output first = drip(talk, packet(2, 0, "one\ntw"));
  EXPECT_EQ(first.writes, Words{packet(3, 0, "")}) << "the closing question comes after a packet";
  EXPECT_EQ(words_of(first), Words{"reply 7 one"});
  const Output rest =
      drip(talk, packet(2, 0, "o\n") + packet(3, 0, "") + packet(3, 0, "\0\1\0\0"s));
  EXPECT_EQ(words_of(rest), (Words{"reply 7 two", "end 7"}));
}
TEST_F(SourceTest, EndsAnEmptyAnswer) {
  (void)sent(talk, 7, "say hi");
  EXPECT_EQ(words_of(play(talk, packet(2, 0, "") + packet(3, 0, ""))), Words{"end 7"});
}
TEST_F(SourceTest, TakesMinecraftsWordsAtTheMarkForTheEnd) {
  (void)sent(talk, 7, "list");
  EXPECT_EQ(words_of(play(talk, packet(2, 0, "nobody") + packet(3, 0, "Unknown request 0"))),
            (Words{"reply 7 nobody", "end 7"}));
}
TEST(Source, SendsTheMarkAtOnceWhenPipelined) {
  SourceConversation talk("pw", true);
  (void)play(talk, packet(1, 2, ""));
  EXPECT_EQ(sent(talk, 7, "a").writes, Words{packet(2, 2, "a") + packet(3, 0, "")});
  (void)sent(talk, 8, "b");
  const Output out =
      play(talk, packet(2, 0, "A") + packet(3, 0, "") + packet(4, 0, "B") + packet(5, 0, ""));
  EXPECT_EQ(words_of(out), (Words{"reply 7 A", "end 7", "reply 8 B", "end 8"}));
}
TEST_F(SourceTest, MeasuresAPing) {
  Output asked;
  talk.ping(asked);
  EXPECT_EQ(asked.writes, Words{packet(2, 0, "")});
  EXPECT_EQ(words_of(play(talk, packet(2, 0, ""))), Words{"pong"});
}
TEST_F(SourceTest, RefusesSizesThatCannotBe) {
  SourceConversation small("pw", false), huge("pw", false);
  EXPECT_EQ(words_of(play(small, number(9))).front(), "broken a packet of 9 bytes");
  EXPECT_EQ(words_of(play(huge, number(-1))).front(), "broken a packet of -1 bytes");
}

}  // namespace
}  // namespace gk::games
