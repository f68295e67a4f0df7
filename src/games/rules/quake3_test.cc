#include "games/rules/quake3.h"

#include <gtest/gtest.h>

#include "games/rules/transcript_test.h"

namespace gk::games {
namespace {

const std::string kMark = "\xFF\xFF\xFF\xFF";

class Quake3Test : public testing::Test {
 protected:
  Quake3Test() {
    Output out;
    talk.open(out);
    EXPECT_EQ(out.writes, Words{kMark + "getinfo n-1x"});
    EXPECT_EQ(words_of(play(talk, kMark + "infoResponse\n\\challenge\\n-1x\\clients\\0")),
              (Words{"ready", "pong"}));
  }
  Quake3Conversation talk{"pw", "n", Millis(200)};
};

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
