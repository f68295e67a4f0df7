#include "notices/rules/address_guard.h"

#include <gtest/gtest.h>

namespace gk::notices {
namespace {

std::string why(std::string_view text, const std::vector<Network>& allowed = {}) {
  const auto address = Address::parse(text);
  EXPECT_TRUE(address) << text;
  const auto refused = refusal(*address, allowed);
  return refused ? std::string(*refused) : "public";
}

TEST(AddressGuard, LetsPublicAddressesThrough) {
  for (const char* text : {"1.1.1.1", "162.159.135.232", "9.255.255.255", "11.0.0.0",
                           "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0",
                           "223.255.255.255", "2606:4700::1", "2a00::1", "64:ff9b::101:101"}) {
    EXPECT_EQ(why(text), "public") << text;
  }
}

TEST(AddressGuard, RefusesEverySpecialRangeAtItsEdges) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"0.0.0.0", "this network"},
      {"10.0.0.0", "private"},
      {"10.255.255.255", "private"},
      {"100.64.0.0", "shared (carrier NAT)"},
      {"100.127.255.255", "shared (carrier NAT)"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"169.254.169.254", "link-local"},
      {"172.16.0.0", "private"},
      {"172.31.255.255", "private"},
      {"192.168.255.255", "private"},
      {"198.19.255.255", "benchmarking"},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"255.255.255.255", "broadcast"},
      {"250.0.0.1", "reserved"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"fe80::1", "link-local"},
      {"fd12::1", "private"},
      {"ff02::1", "multicast"},
      {"2001:db8::1", "documentation"},
      {"2001::1", "protocol assignments"},
      {"2002:7f00:1::", "6to4"},
      {"4000::1", "reserved"},
      {"::7f00:1", "reserved"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(why(text), expected) << text;
}

TEST(AddressGuard, LooksThroughIpv6FormsOfIpv4) {
  EXPECT_EQ(why("::ffff:127.0.0.1"), "loopback");
  EXPECT_EQ(why("::ffff:10.0.0.1"), "private");
  EXPECT_EQ(why("::ffff:1.1.1.1"), "public");
  EXPECT_EQ(why("64:ff9b::7f00:1"), "loopback");
  EXPECT_EQ(why("64:ff9b::a9fe:a9fe"), "link-local");
}

TEST(AddressGuard, AllowsExactlyWhatIsListed) {
  const std::vector<Network> allowed{Network::parse("192.168.7.0/24").value(),
                                     Network::parse("::1").value()};
  EXPECT_EQ(why("192.168.7.255", allowed), "public");
  EXPECT_EQ(why("192.168.8.0", allowed), "private");
  EXPECT_EQ(why("::ffff:192.168.7.1", allowed), "public");
  EXPECT_EQ(why("::1", allowed), "public");
  EXPECT_EQ(why("127.0.0.1", allowed), "loopback");
}

TEST(Network, RefusesWhatIsNoPrefix) {
  for (const char* text : {"", "10", "10.0.0.0/33", "10.0.0.0/", "10.0.0.1/24", "::/129", "a/8"}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
  EXPECT_TRUE(Network::parse("0.0.0.0/0"));
}

}  // namespace
}  // namespace gk::notices
