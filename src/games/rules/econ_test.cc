#include "games/rules/econ.h"

#include <gtest/gtest.h>

#include "games/rules/transcript_test.h"

namespace gk::games {
namespace {

using namespace std::string_literals;

// Recorded from teeworlds-server 0.7.5 (docs/games.md).
const std::string kPrompt = "Enter password:\n\0\0"s;
const std::string kIn =
    "Authentication successful. External console access granted.\n\0\0[18:11:36][econ]: cid=0 authed\n\0\0"s;

std::string line(const std::string& text) { return "[18:11:37]" + text + "\n\0\0"s; }
std::string marker(int cid, const std::string& command) {
  return line("[server]: cid=" + std::to_string(cid) + " cmd='" + command + "'");
}

class EconTest : public testing::Test {
 protected:
  EconTest() {
    (void)play(talk, kPrompt);
    (void)play(talk, kIn);
  }
  EconConversation talk{"econpw", "n"};
};

TEST(Econ, LogsInWithThePasswordAndSendsItOnce) {
  EconConversation talk("econpw", "n");
  EXPECT_EQ(drip(talk, kPrompt).writes, Words{"econpw\n"});
  EXPECT_EQ(words_of(drip(talk, kIn)), Words{"ready"});
}
TEST(Econ, TakesAWrongPasswordForFinal) {
  EconConversation talk("wrong", "n");
  (void)play(talk, kPrompt);
  EXPECT_EQ(words_of(play(talk, "Wrong password 1/3.\n\0\0"s)),
            Words{"refused the server says: Wrong password 1/3."});
}
TEST(Econ, TakesABanForFinal) {
  EconConversation talk("econpw", "n");
  EXPECT_EQ(words_of(play(talk, "You have been banned for 5 minutes\n"s)).front().substr(0, 7),
            "refused");
}
TEST(Econ, SaysThatAnotherServiceIsNoEcon) {
  EconConversation talk("econpw", "n");
  EXPECT_EQ(words_of(play(talk, "SSH-2.0-OpenSSH\r\n")).front(),
            "broken expected \"Enter password:\", got \"SSH-2.0-OpenSSH\"");
}
TEST_F(EconTest, EndsAReplyAtItsNonce) {
  EXPECT_EQ(sent(talk, 7, "echo hello").writes, Words{"echo hello\necho n-1\n"});
  const Output out = drip(talk, marker(0, "echo hello") + line("[Console]: hello") +
                                    marker(0, "echo n-1") + line("[Console]: n-1"));
  EXPECT_EQ(words_of(out), (Words{"reply 7 hello", "end 7"}));
}
TEST_F(EconTest, KeepsAnotherAdminsOutputOutOfTheReply) {
  (void)sent(talk, 7, "sv_max_clients");
  const Output out = play(talk, marker(1, "echo before") + line("[Console]: before") +
                                    marker(0, "sv_max_clients") + line("[Console]: Value: 8") +
                                    marker(1, "echo n-1") + line("[Console]: n-1") +
                                    marker(0, "echo n-1") + line("[Console]: n-1"));
  EXPECT_EQ(words_of(out),
            (Words{"line [server]: cid=1 cmd='echo before'", "line before", "reply 7 Value: 8",
                   "line [server]: cid=1 cmd='echo n-1'", "line n-1", "end 7"}));
}
TEST_F(EconTest, KeepsRepliesOfPipelinedCommandsApart) {
  (void)sent(talk, 7, "a");
  (void)sent(talk, 8, "b");
  const Output out = play(talk, marker(0, "a") + line("[Console]: No such command: a.") +
                                    marker(0, "echo n-1") + line("[Console]: n-1") +
                                    marker(0, "b") + line("[Console]: No such command: b.") +
                                    marker(0, "echo n-2") + line("[Console]: n-2"));
  EXPECT_EQ(words_of(out), (Words{"reply 7 No such command: a.", "end 7",
                                  "reply 8 No such command: b.", "end 8"}));
}
TEST_F(EconTest, CountsWhatTheGameSaysBesideAsALine) {
  EXPECT_EQ(words_of(play(talk, line("[game]: kill killer='0:x'"))),
            Words{"line [game]: kill killer='0:x'"});
}
TEST_F(EconTest, CleansWhatTheServerSaysOfOthers) {
  EXPECT_EQ(words_of(play(talk, line("[server]: cid=\xFF\x1b cmd='x'"))),
            Words{"line [server]: cid=\xEF\xBF\xBD cmd='x'"});
}
TEST_F(EconTest, WorksWithoutMarkersAtTheLowestOutputLevel) {
  (void)sent(talk, 7, "echo hello");
  EXPECT_EQ(words_of(play(talk, line("[Console]: hello") + line("[Console]: n-1"))),
            (Words{"reply 7 hello", "end 7"}));
}
TEST_F(EconTest, MeasuresAPing) {
  Output asked;
  talk.ping(asked);
  EXPECT_EQ(asked.writes, Words{"echo n-1\n"});
  EXPECT_EQ(words_of(play(talk, marker(0, "echo n-1") + line("[Console]: n-1"))), Words{"pong"});
}
TEST_F(EconTest, ForgetsTheRestOfAnEndlessLine) {
  const Output out =
      play(talk, std::string(1U << 20, 'x') + "\n");  // The zeros of the line before count, too.
  ASSERT_EQ(out.events.size(), 1U);
  EXPECT_EQ(out.events.front().text.size(), kMaxLine - 2);
}

}  // namespace
}  // namespace gk::games
