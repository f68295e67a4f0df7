#include "games/rules/luanti.h"

#include <gtest/gtest.h>

#include "games/rules/transcript_test.h"

namespace gk::games {
namespace {

std::string file(int seq, const std::string& more = "", const std::string& boot = "b1") {
  return R"({"version":1,"boot":")" + boot + R"(","seq":)" + std::to_string(seq) +
         R"(,"session":"n","commands":["say"])" + more + "}";
}

TEST(Luanti, IsReadyWhenTheFileIsWrittenAgain) {
  LuantiConversation talk("n");
  EXPECT_TRUE(play(talk, file(5)).events.empty()) << "it may be of a server that is gone";
  EXPECT_EQ(words_of(play(talk, file(6))), (Words{"known say", "ready"}));
}
TEST(Luanti, AnswersOnceAndOnlyItsOwnSession) {
  LuantiConversation talk("n");
  (void)play(talk, file(5));
  (void)play(talk, file(6));
  EXPECT_EQ(sent(talk, 7, "status").writes, Words{"n 7 status\n"});
  const std::string reply = R"(,"replies":[{"id":7,"text":"a\nb"}])";
  EXPECT_EQ(words_of(play(talk, file(7, reply))), (Words{"reply 7 a", "reply 7 b", "end 7"}));
  EXPECT_TRUE(play(talk, file(8, reply)).events.empty());
}
TEST(Luanti, TellsStepsAndNewLines) {
  LuantiConversation talk("n");
  (void)play(talk, file(5, R"(,"lines":[{"n":1,"text":"old"}])"));
  (void)play(talk, file(6));
  EXPECT_EQ(words_of(play(talk, file(7, R"(,"lines":[{"n":1,"text":"old"},{"n":2,"text":"new"}],)"
                                        R"("step":{"mean_s":2.0})"))),
            (Words{"line new", "step 2"}));
}
TEST(Luanti, NoticesARestart) {
  LuantiConversation talk("n");
  (void)play(talk, file(5));
  EXPECT_EQ(words_of(play(talk, file(1, "", "b2"))), Words{"broken the server was restarted"});
}
TEST(Luanti, RefusesWhatIsNotItsFile) {
  LuantiConversation half("n"), other("n");
  EXPECT_EQ(words_of(play(half, R"({"version":1,)")).front().substr(0, 6), "broken");
  EXPECT_EQ(words_of(play(other, R"({"version":2})")).front().substr(0, 6), "broken");
}

}  // namespace
}  // namespace gk::games
