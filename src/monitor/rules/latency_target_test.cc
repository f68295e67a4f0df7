#include "monitor/rules/latency_target.h"

#include <gtest/gtest.h>

namespace gk::monitor {
namespace {

LatencyTarget read(std::string_view text) {
  return read_latency_target(text).value_or(LatencyTarget{});
}

TEST(LatencyTarget, ReadsAddressesOfBothFamiliesWithAndWithoutPort) {
  EXPECT_EQ(read("gateway=192.168.1.1"), (LatencyTarget{"gateway", "192.168.1.1", 0}));
  EXPECT_EQ(read("peer=203.0.113.7:443"), (LatencyTarget{"peer", "203.0.113.7", 443}));
  EXPECT_EQ(read("six=[2001:db8::1]:80"), (LatencyTarget{"six", "2001:db8::1", 80}));
  EXPECT_EQ(read("six=2001:db8::1"), (LatencyTarget{"six", "2001:db8::1", 0}));
  EXPECT_EQ(read("six=[2001:db8::1]"), (LatencyTarget{"six", "2001:db8::1", 0}));
  EXPECT_EQ(read("peer=203.0.113.7:443").subject(), "path:peer");
}

TEST(LatencyTarget, RefusesWhatItCannotMeasureAndSaysWhatWasExpected) {
  for (const char* bad : {"", "192.168.1.1", "=192.168.1.1", "Name=192.168.1.1", "a=example.org",
                          "a=1.2.3", "a=1.2.3.4:", "a=1.2.3.4:0", "a=1.2.3.4:65536",
                          "a=1.2.3.4:80x", "a=[2001:db8::1", "a=[1.2.3.4]:80", "a=", "a=:80"}) {
    const auto read = read_latency_target(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_NE(read.error().message.find("NAME=ADDRESS"), std::string::npos);
  }
}

}  // namespace
}  // namespace gk::monitor
