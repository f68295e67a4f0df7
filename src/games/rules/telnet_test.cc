#include "games/rules/telnet.h"

#include <gtest/gtest.h>

namespace gk::games {
namespace {

struct Filtered {
  std::string text, answer;
};
Filtered filter(std::string_view bytes) {
  TelnetFilter telnet;
  Filtered out;
  for (const char& byte : bytes) telnet.feed(std::string_view(&byte, 1), out.text, out.answer);
  return out;
}

TEST(Telnet, RefusesWhatTinyMuxOffers) {
  // Recorded from TinyMUX 2.12 (docs/games.md).
  const Filtered out = filter(
      "\xFF\xFB\x19\xFF\xFD\x19\xFF\xFD\x03\xFF\xFD\x18\xFF\xFD\x1F\xFF\xFD\x27\xFF\xFB\x2A\xFF"
      "\xFD\x2Ahello");
  EXPECT_EQ(out.text, "hello");
  EXPECT_EQ(out.answer,
            "\xFF\xFE\x19\xFF\xFC\x19\xFF\xFC\x03\xFF\xFC\x18\xFF\xFC\x1F\xFF\xFC\x27\xFF\xFE\x2A"
            "\xFF\xFC\x2A");
}
TEST(Telnet, SkipsSubnegotiationAndKeepsADoubledByte) {
  EXPECT_EQ(filter("a\xFF\xFA\x18\x01\xFF\xFFz\xFF\xF0"
                   "b\xFF\xFF"
                   "c\xFF\xF1"
                   "d")
                .text,
            "ab\xFF"
            "cd");
}
TEST(Telnet, StopsAnsweringAServerThatNegotiatesForEver) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += "\xFF\xFB\x01";
  EXPECT_EQ(filter(bytes).answer.size(), 3U * 256);
}
TEST(Telnet, DoublesItsOwnByteInWhatIsSent) {
  EXPECT_EQ(TelnetFilter::escaped("a\xFF"
                                  "b"),
            "a\xFF\xFF"
            "b");
}

}  // namespace
}  // namespace gk::games
