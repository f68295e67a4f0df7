#include "accounts/rules/login_limiter.h"

#include <gtest/gtest.h>

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;
constexpr MonoTime t0{1h};

int passed(LoginLimiter& limiter, std::string_view address, std::string_view account, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limiter.take(address, account, t0).allowed ? 1 : 0;
  return count;
}

class LoginLimiterTest : public testing::Test {
 protected:
  LoginLimiter limiter{LoginLimits{}};
  void besiege(std::string_view account) {
    (void)passed(limiter, "10.0.0.1", account, 10);
    (void)passed(limiter, "10.0.0.2", account, 10);
  }
};

TEST_F(LoginLimiterTest, StopsOneAddressAfterItsBurst) {
  EXPECT_EQ(passed(limiter, "10.0.0.1", "ann", 100), 10);
}
TEST_F(LoginLimiterTest, StopsOneAddressThatTriesManyAccounts) {
  EXPECT_EQ(passed(limiter, "10.0.0.1", "ann", 5), 5);
  EXPECT_EQ(passed(limiter, "10.0.0.1", "bob", 100), 5);
}
TEST_F(LoginLimiterTest, LetsTheOwnerInFromElsewhereWhileOneAddressFloods) {
  (void)passed(limiter, "10.0.0.1", "ann", 1000);
  EXPECT_TRUE(limiter.take("10.0.0.9", "ann", t0).allowed);
}
TEST_F(LoginLimiterTest, StopsManyAddressesAtOneAccount) {
  besiege("ann");
  EXPECT_FALSE(limiter.take("10.0.0.3", "ann", t0).allowed);
  EXPECT_TRUE(limiter.take("10.0.0.3", "bob", t0).allowed);
}
TEST_F(LoginLimiterTest, KnownAddressPassesABesiegedAccount) {
  ASSERT_TRUE(limiter.take("10.0.0.9", "ann", t0).allowed);
  limiter.succeeded("10.0.0.9", "ann", t0);
  besiege("ann");
  EXPECT_TRUE(limiter.take("10.0.0.9", "ann", t0).allowed);
  EXPECT_FALSE(limiter.take("10.0.0.8", "ann", t0).allowed);
}
TEST_F(LoginLimiterTest, RightPasswordsAreNeverCounted) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(limiter.take("10.0.0.1", "ann", t0).allowed);
    limiter.succeeded("10.0.0.1", "ann", t0);
  }
  EXPECT_TRUE(limiter.take("10.0.0.1", "ann", t0).allowed);
}
TEST_F(LoginLimiterTest, KnownPairsAreBounded) {
  LoginLimits limits;
  limits.max_known = 2;
  limits.per_account.burst = 1;
  LoginLimiter small(limits);
  small.remember("10.0.0.1", "ann", t0);
  small.remember("10.0.0.2", "ann", t0 + 1s);
  small.remember("10.0.0.3", "ann", t0 + 2s);
  ASSERT_TRUE(small.take("10.0.0.9", "ann", t0 + 2s).allowed);
  EXPECT_FALSE(small.take("10.0.0.1", "ann", t0 + 2s).allowed) << "the oldest pair is forgotten";
  EXPECT_TRUE(small.take("10.0.0.2", "ann", t0 + 2s).allowed);
}
TEST(AddressKey, GroupsIpv6ByItsFirst64Bits) {
  EXPECT_EQ(address_key("2001:db8::1", {}), address_key("2001:db8::ffff:1", {}));
  EXPECT_NE(address_key("2001:db8::1", {}), address_key("2001:db8:0:1::1", {}));
}
TEST(AddressKey, SeesThroughMappedIpv4) {
  EXPECT_EQ(address_key("::ffff:10.0.0.1", {}), address_key("10.0.0.1", {}));
}
TEST(AddressKey, NamesALocalPeerByUid) { EXPECT_EQ(address_key("", 1000), "unix:1000"); }

}  // namespace
}  // namespace gk::accounts
