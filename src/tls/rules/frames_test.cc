#include "tls/rules/frames.h"

#include <gtest/gtest.h>

namespace gk::tls {
namespace {

using Kind = FrontFrame::Kind;

TEST(FrontFrames, ReadyCarriesTheEndOfTheCertificateItsPlacesAndWhatHolds) {
  const auto frame = read_front_frame(ready_frame(1'800'000'000, 1'024, kConfined));
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->kind, Kind::ready);
  EXPECT_EQ(frame->not_after_s, 1'800'000'000);
  EXPECT_EQ(frame->places, 1'024u);
  EXPECT_EQ(frame->text, kConfined);
}

TEST(FrontFrames, FailedCarriesItsReasonAndIsNeverTooLong) {
  EXPECT_EQ(read_front_frame(failed_frame("key.pem: no key"))->text, "key.pem: no key");
  EXPECT_EQ(failed_frame(std::string(kMaxFrame, 'x')).size(), kMaxFrame);
}

TEST(FrontFrames, ConnectionCarriesTheClientInTheKernelsForm) {
  const auto v4 = read_front_frame(connection_frame("192.0.2.7", 65'535));
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->text, "192.0.2.7");
  EXPECT_EQ(v4->port, 65'535);
  EXPECT_EQ(read_front_frame("connection 2001:DB8:0:0::1 1")->text, "2001:db8::1");
}

TEST(FrontFrames, TallyIsWhatWasCounted) {
  const Tally tally{.open = 1, .handshakes = 2, .failed = 3, .late = 4, .refused = 5};
  EXPECT_EQ(read_front_frame(tally_frame(tally))->tally, tally);
}

TEST(FrontFrames, RefusesEverythingElse) {
  for (const char* text :
       {"", "ready", "ready x y", "ready 5", "ready 5 ", "ready 5 6", "ready 5 6 ", "ready 5 -6 x",
        "failed", "connection", "connection 1.2.3.4", "connection localhost 1",
        "connection 1.2.3.4 65536", "connection 1.2.3.4 1 x", "connection 1.2.3.4 -1",
        "tally 1 2 3 4", "tally 1 2 3 4 5 6", "tally 1 2 3 4 -5", "drain"}) {
    EXPECT_FALSE(read_front_frame(text)) << text;
  }
}

}  // namespace
}  // namespace gk::tls
