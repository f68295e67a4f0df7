#include "games/rules/openttd.h"

#include <gtest/gtest.h>

#include "games/rules/transcript_test.h"

namespace gk::games {
namespace {

using namespace std::string_literals;

std::string packet(int type, const std::string& body) {
  const std::size_t size = body.size() + 3;
  return std::string{static_cast<char>(size & 0xFF), static_cast<char>(size >> 8),
                     static_cast<char>(type)} +
         body;
}

// Recorded from OpenTTD 13.0 (docs/games.md).
const std::string kProtocol = packet(103, "\x02\x01\0\0\x3f\0\0"s);
const std::string kWelcome = packet(104,
                                    "gk-test\0"
                                    "13.0\0"
                                    "\x01"s);
const std::string kCommandsEnd = packet(120, "\x02\0list_cmds\0"s) + packet(125, "list_cmds\0"s);

class OpenTtdTest : public testing::Test {
 protected:
  OpenTtdTest() {
    Output out;
    talk.open(out);
    (void)play(talk, kProtocol + kWelcome + kCommandsEnd);
  }
  OpenTtdConversation talk{"adminpw", "probe"};
};

TEST(OpenTtd, JoinsAndAsksForDaysConsoleAndCommands) {
  OpenTtdConversation talk("adminpw", "probe");
  Output out;
  talk.open(out);
  EXPECT_EQ(out.writes, Words{packet(0,
                                     "adminpw\0probe\0"
                                     "1\0"s)});
  const Output in = drip(talk, kProtocol + kWelcome);
  EXPECT_EQ(words_of(in), Words{"ready"});
  EXPECT_EQ(in.writes, (Words{packet(2, "\0\0\x02\0"s), packet(2, "\x06\0\x40\0"s),
                              packet(5, "list_cmds\0"s)}));
  EXPECT_EQ(words_of(drip(talk, kCommandsEnd)), Words{"known list_cmds"});
}
TEST_F(OpenTtdTest, AnswersInOrder) {
  EXPECT_EQ(sent(talk, 7, "getdate").writes, Words{packet(5, "getdate\0"s)});
  (void)sent(talk, 8, "nosuchcmd");
  const Output out =
      drip(talk, packet(120, "\x02\0Date: 1950-01-01\0"s) + packet(125, "getdate\0"s) +
                     packet(120, "\x03\0Command 'nosuchcmd' not found.\0"s) +
                     packet(125, "nosuchcmd\0"s));
  EXPECT_EQ(words_of(out), (Words{"reply 7 Date: 1950-01-01", "end 7",
                                  "reply 8 Command 'nosuchcmd' not found.", "end 8"}));
}
TEST_F(OpenTtdTest, TellsDaysAndPongs) {
  EXPECT_EQ(words_of(play(talk, packet(107, "\x21\xde\x0a\0"s))), Words{"day 712225"});
  Output out;
  talk.ping(out);
  EXPECT_EQ(out.writes, Words{packet(7, "\x01\0\0\0"s)});
  EXPECT_EQ(words_of(play(talk, packet(126, "\xff\0\0\0"s))), Words{});
  EXPECT_EQ(words_of(play(talk, packet(126, "\x01\0\0\0"s))), Words{"pong"});
}
TEST(OpenTtd, KnowsThatTheServerClosesAtAWrongPasswordWithoutAWord) {
  OpenTtdConversation talk("wrong", "probe");
  EXPECT_TRUE(talk.meaning_of_early_end());
  (void)play(talk, kProtocol);
  EXPECT_FALSE(talk.meaning_of_early_end());
}
TEST(OpenTtd, NamesTheSecureHandshake) {
  OpenTtdConversation refused("x", "probe"), asked("x", "probe");
  EXPECT_NE(words_of(play(refused, packet(102, "\x06"s))).front().find("secure handshake"),
            std::string::npos);
  EXPECT_NE(words_of(play(asked, packet(128, ""))).front().find("secure handshake"),
            std::string::npos);
}
TEST(OpenTtd, TakesWrongPasswordAndBanForFinal) {
  OpenTtdConversation wrong("x", "probe"), banned("x", "probe");
  EXPECT_EQ(words_of(play(wrong, packet(102, "\x0a"s))),
            Words{"refused the server says: wrong password"});
  EXPECT_EQ(words_of(play(banned, packet(101, ""))).front().substr(0, 7), "refused");
}
TEST(OpenTtd, RefusesPacketsThatCannotBe) {
  OpenTtdConversation shorter("x", "probe"), other("x", "probe");
  EXPECT_EQ(words_of(play(shorter,
                          "\x02\0"s
                          "x"))
                .front(),
            "broken a packet of 2 bytes");
  EXPECT_EQ(words_of(play(other, packet(5, "x"))).front(), "broken a packet of type 5 first");
  EXPECT_TRUE(play(other, kWelcome).events.empty()) << "broken stays broken";
}
TEST_F(OpenTtdTest, SurvivesBodiesThatAreTooShort) {
  (void)sent(talk, 7, "getdate");
  EXPECT_EQ(words_of(play(talk, packet(107, "x") + packet(120, "") + packet(121, "x"))),
            (Words{"reply 7", "line x: "}));
}

}  // namespace
}  // namespace gk::games
