#include "games/rules/quake3.h"

#include <gtest/gtest.h>

#include "games/rules/transcript_test.h"

namespace gk::games {
namespace {

const std::string kMark = "\xFF\xFF\xFF\xFF";

/// A server that is there; it has not yet said what it thinks of the password.
class Quake3LogInTest : public testing::Test {
 protected:
  Quake3LogInTest() {
    Output out;
    talk.open(out);
    EXPECT_EQ(out.writes, Words{kMark + "getinfo gk7-1x"});
    out = play(talk, kMark + "infoResponse\n\\challenge\\gk7-1x\\clients\\0");
    EXPECT_EQ(words_of(out), Words{}) << "a server that is there has not let us in yet";
    EXPECT_EQ(out.writes, Words{kMark + "rcon \"pw\" echo gk7"});
  }
  Quake3Conversation talk{"pw", "gk7", Millis(200)};
};

class Quake3Test : public Quake3LogInTest {
 protected:
  Quake3Test() {
    EXPECT_EQ(words_of(play(talk, kMark + "print\ngk7 \n")), Words{"ready"});
    EXPECT_FALSE(talk.quiet_time());
  }
};

TEST_F(Quake3LogInTest, IsRefusedForABadPasswordBeforeAnyCommand) {
  EXPECT_EQ(words_of(play(talk, kMark + "print\nBad rconpassword.\n")),
            Words{"refused the server says: Bad rconpassword."});
}
TEST_F(Quake3LogInTest, TakesOtherWordsForARefusalToo) {
  EXPECT_EQ(words_of(play(talk, kMark + "print\nInvalid password.\n")),
            Words{"refused the server says: Invalid password."});
}
TEST_F(Quake3LogInTest, IsLetInByAServerThatDoesNotKnowEcho) {
  EXPECT_EQ(words_of(play(talk, kMark + "print\nunknown command: echo\n")), Words{"ready"});
}
TEST_F(Quake3LogInTest, ProvesAgainWhenADatagramWasLost) {
  EXPECT_EQ(talk.quiet_time(), Nanos(Seconds(3)));
  Output out;
  talk.quiet(out);
  EXPECT_EQ(out.writes, Words{kMark + "rcon \"pw\" echo gk7"});
  EXPECT_EQ(words_of(out), Words{});
}
TEST_F(Quake3Test, TellsHowFarTheServerIsByItsChallenge) {
  Output out;
  talk.ping(out);
  EXPECT_EQ(out.writes, Words{kMark + "getinfo gk7-2x"});
  EXPECT_EQ(words_of(play(talk, kMark + "infoResponse\n\\challenge\\gk7-2x")), Words{"pong"});
}

TEST_F(Quake3Test, JoinsDatagramsAndEndsInQuiet) {
  EXPECT_EQ(sent(talk, 7, "status").writes, Words{kMark + "rcon \"pw\" status"});
  EXPECT_FALSE(talk.quiet_time()) << "nothing has come: the deadline counts";
  Output out = play(talk, kMark + "print\nmap: ^1q3");
  talk.bytes(kMark + "print\ndm1\nend", out);
  EXPECT_EQ(talk.quiet_time(), Nanos(Millis(200)));
  talk.quiet(out);
  EXPECT_EQ(words_of(out), (Words{"reply 7 map: q3dm1", "reply 7 end", "end 7"}));
  EXPECT_FALSE(talk.quiet_time());
}
TEST_F(Quake3Test, TakesABadPasswordForFinal) {
  (void)sent(talk, 7, "status");
  EXPECT_EQ(words_of(play(talk, kMark + "print\nBad rconpassword.\n")),
            Words{"refused the server says: Bad rconpassword."});
}
TEST_F(Quake3Test, IgnoresGarbageAndForeignAnswers) {
  EXPECT_TRUE(play(talk, "print\nx").events.empty());
  EXPECT_TRUE(play(talk, kMark).events.empty());
  EXPECT_TRUE(play(talk, kMark + "infoResponse\n\\challenge\\other").events.empty());
}

}  // namespace
}  // namespace gk::games
