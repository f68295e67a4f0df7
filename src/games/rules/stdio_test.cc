#include "games/rules/stdio.h"

#include <gtest/gtest.h>

#include "games/rules/transcript_test.h"

namespace gk::games {
namespace {

StdioConversation opened(StdioOptions options) {
  StdioConversation talk(std::move(options), "n");
  Output out;
  talk.open(out);
  return talk;
}

TEST(Stdio, IsReadyAtOnceOrAtItsLine) {
  StdioConversation at_once({}, "n"), later({.ready_line = "Done"}, "n");
  Output now, then;
  at_once.open(now);
  later.open(then);
  EXPECT_EQ(words_of(now), Words{"ready"});
  EXPECT_TRUE(then.events.empty());
  EXPECT_EQ(words_of(drip(later, "Loading\nDone (3 s)!\n")),
            (Words{"line Loading", "line Done (3 s)!", "ready"}));
}
TEST(Stdio, EndsAtItsSentinel) {
  StdioConversation talk = opened({.sentinel = "echo {nonce}"});
  EXPECT_EQ(sent(talk, 7, "list").writes, Words{"list\necho n-1.\n"});
  EXPECT_FALSE(talk.quiet_time());
  EXPECT_EQ(words_of(drip(talk, "a\r\nb\nsays n-1.\n")),
            (Words{"reply 7 a", "reply 7 b", "end 7"}));
}
TEST(Stdio, EndsInQuiet) {
  StdioConversation talk = opened({.quiet = Millis(50)});
  (void)sent(talk, 7, "list");
  EXPECT_EQ(talk.quiet_time(), Nanos(Millis(50)));
  Output out = play(talk, "a\n> ");
  talk.quiet(out);
  EXPECT_EQ(words_of(out), (Words{"reply 7 a", "reply 7 > ", "end 7"}));
}
TEST(Stdio, FillsInEveryNonce) { EXPECT_EQ(with_nonce("{nonce} {nonce}{x}", "5"), "5 5{x}"); }

}  // namespace
}  // namespace gk::games
