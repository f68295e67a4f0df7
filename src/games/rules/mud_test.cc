#include "games/rules/mud.h"

#include <gtest/gtest.h>

#include "games/rules/transcript_test.h"

namespace gk::games {
namespace {

using Framing = MudOptions::Framing;

MudOptions options(Framing framing) {
  return {.login = {"connect wizard pw"},
          .failure = {"has a different password"},
          .framing = framing,
          .sentinel = "think {nonce}",
          .quiet = Millis(100)};
}
Output be_quiet(Conversation& talk) {
  Output out;
  talk.quiet(out);
  return out;
}

TEST(Mud, LogsInWhenTheGreetingIsOver) {
  MudConversation talk(options(Framing::suffix), "n");
  EXPECT_FALSE(talk.quiet_time()) << "nothing has come yet";
  (void)play(talk, "\xFF\xFB\x19Welcome to MUX\r\n");
  EXPECT_TRUE(talk.quiet_time());
  EXPECT_EQ(
      be_quiet(talk).writes,
      Words{"connect wizard pw\r\nOUTPUTPREFIX n-begin\r\nOUTPUTSUFFIX n-end\r\nthink n\r\n"});
  EXPECT_EQ(words_of(drip(talk, "Last connect was from x\r\nn-begin\r\nn\r\nn-end\r\n")),
            (Words{"line Last connect was from x", "ready"}));
}
TEST(Mud, TakesARefusedLogInForFinal) {
  MudConversation talk(options(Framing::suffix), "n");
  (void)play(talk, "Welcome\r\n");
  (void)be_quiet(talk);
  EXPECT_EQ(
      words_of(play(talk, "Either that player does not exist, or has a different password.\r\n")),
      Words{"refused the server says: Either that player does not exist, or has a different "
            "password."});
}
TEST(Mud, TakesForAnAnswerOnlyWhatStandsInItsFrame) {
  MudConversation talk(options(Framing::suffix), "n");
  (void)play(talk, "Welcome\r\n");
  (void)be_quiet(talk);
  (void)play(talk, "n-begin\r\nn\r\nn-end\r\n");
  EXPECT_EQ(sent(talk, 7, "WHO").writes, Words{"WHO\r\n"});
  EXPECT_EQ(words_of(drip(talk, "Bob arrives.\r\nn-begin\r\n1 Player\r\nn-end\r\nBob leaves.\r\n")),
            (Words{"line Bob arrives.", "reply 7 1 Player", "end 7", "line Bob leaves."}));
}
TEST(Mud, EndsAtASentinel) {
  MudConversation talk(options(Framing::sentinel), "n");
  (void)play(talk, "Welcome\r\n");
  EXPECT_EQ(be_quiet(talk).writes, Words{"connect wizard pw\r\nthink n-0.\r\n"});
  EXPECT_EQ(words_of(play(talk, "n-0.\r\n")), Words{"ready"});
  EXPECT_EQ(sent(talk, 7, "WHO").writes, Words{"WHO\r\nthink n-1.\r\n"});
  EXPECT_EQ(words_of(drip(talk, "1 Player\r\nn-1.\r\n")), (Words{"reply 7 1 Player", "end 7"}));
}
TEST(Mud, EndsInQuietAndKeepsThePrompt) {
  MudConversation talk(options(Framing::quiet), "n");
  (void)play(talk, "By what name?");
  EXPECT_EQ(be_quiet(talk).writes, Words{"connect wizard pw\r\n"});
  EXPECT_EQ(words_of(be_quiet(talk)), (Words{"line By what name?", "ready"}));
  (void)sent(talk, 7, "look");
  EXPECT_FALSE(talk.quiet_time()) << "the deadline counts until something comes";
  Output out = play(talk, "A room.\r\n> ");
  EXPECT_TRUE(talk.quiet_time());
  talk.quiet(out);
  EXPECT_EQ(words_of(out), (Words{"reply 7 A room.", "reply 7 > ", "end 7"}));
}

}  // namespace
}  // namespace gk::games
