#include "net/forwarded.h"

#include <gtest/gtest.h>

namespace gk::net {
namespace {

std::optional<std::string> from(std::string value) {
  return forwarded_address({{"host", "gk.example"}, {"x-forwarded-for", std::move(value)}});
}

TEST(ForwardedAddress, IsTheEntryOfTheNearestProxyNotTheClientsClaim) {
  EXPECT_EQ(from("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(from("127.0.0.1, 203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(from("127.0.0.1,\t203.0.113.7 "), "203.0.113.7");
}

TEST(ForwardedAddress, IsTheLastHeadersWhenAClientSentOneToo) {
  EXPECT_EQ(forwarded_address({{"x-forwarded-for", "127.0.0.1"}, {"x-forwarded-for", "::1"}}),
            "::1");
}

TEST(ForwardedAddress, HasOneSpellingForOneAddress) {
  EXPECT_EQ(from("2001:DB8:0:0::1"), "2001:db8::1");
}

TEST(ForwardedAddress, IsNothingWithoutAnIpAddress) {
  EXPECT_EQ(forwarded_address({}), std::nullopt);
  EXPECT_EQ(from(""), std::nullopt);
  EXPECT_EQ(from("unknown"), std::nullopt);
  EXPECT_EQ(from("203.0.113.7,"), std::nullopt);
  EXPECT_EQ(from("203.0.113.7.evil.example"), std::nullopt);
}

}  // namespace
}  // namespace gk::net
