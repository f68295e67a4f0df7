#include "accounts/rules/refresh_token.h"

#include <gtest/gtest.h>

#include <set>

#include "testing/seeded_random.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;
constexpr WallTime t0{1'767'225'600s};

class RefreshTokenTest : public testing::Test {
 protected:
  /// Uses `token` as the store would; returns the verdict.
  RefreshVerdict use(const std::string& token, WallTime now) {
    const auto verdict = judge_refresh(state, refresh_token_digest(token), now);
    if (verdict == RefreshVerdict::rotate) {
      state = rotated(state, refresh_token_digest(refresh_successor(key, token)), now);
    }
    return verdict;
  }
  SeededRandom random{11};
  SecretKey key = new_secret_key(random);
  std::string first = new_refresh_token(random);
  RefreshState state{.current = refresh_token_digest(first)};
};

TEST_F(RefreshTokenTest, HasItsForm) {
  EXPECT_EQ(first.size(), 103U);
  EXPECT_TRUE(is_refresh_token(first));
  EXPECT_TRUE(is_refresh_token(refresh_successor(key, first)));
}
TEST_F(RefreshTokenTest, OtherFormsAreRefused) {
  EXPECT_FALSE(is_refresh_token(""));
  EXPECT_FALSE(is_refresh_token(first.substr(1)));
  EXPECT_FALSE(is_refresh_token(first + "0"));
  EXPECT_FALSE(is_refresh_token("gk_rt_" + std::string(97, 'a')));
  EXPECT_FALSE(is_refresh_token(first.substr(0, 102) + "G"));
}
TEST_F(RefreshTokenTest, SuccessorIsTheSameEachTimeAndOfTheSameFamily) {
  const std::string next = refresh_successor(key, first);
  EXPECT_EQ(next, refresh_successor(key, first));
  EXPECT_NE(next, first);
  EXPECT_EQ(refresh_family_digest(next), refresh_family_digest(first));
  EXPECT_NE(refresh_successor(new_secret_key(random), first), next) << "the key matters";
}
TEST_F(RefreshTokenTest, ChainDoesNotRepeat) {
  std::set<std::string> seen;
  std::string token = first;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(seen.insert(token).second);
    token = refresh_successor(key, token);
  }
}
TEST_F(RefreshTokenTest, FreshTokenRotates) {
  EXPECT_EQ(use(first, t0), RefreshVerdict::rotate);
  EXPECT_EQ(use(refresh_successor(key, first), t0 + 1s), RefreshVerdict::rotate);
}
TEST_F(RefreshTokenTest, RepeatWithinTenSecondsIsARace) {
  ASSERT_EQ(use(first, t0), RefreshVerdict::rotate);
  EXPECT_EQ(use(first, t0), RefreshVerdict::repeat);
  EXPECT_EQ(use(first, t0 + 10s - 1us), RefreshVerdict::repeat);
  EXPECT_EQ(use(first, t0 + 10s), RefreshVerdict::reused);
}
TEST_F(RefreshTokenTest, ClockSetBackALittleIsStillARaceAFarJumpIsNot) {
  ASSERT_EQ(use(first, t0), RefreshVerdict::rotate);
  EXPECT_EQ(use(first, t0 - 5s), RefreshVerdict::repeat);
  EXPECT_EQ(use(first, t0 - 1h), RefreshVerdict::reused);
}
TEST_F(RefreshTokenTest, TokenOfTwoGenerationsAgoIsReuseEvenAtOnce) {
  ASSERT_EQ(use(first, t0), RefreshVerdict::rotate);
  ASSERT_EQ(use(refresh_successor(key, first), t0), RefreshVerdict::rotate);
  EXPECT_EQ(use(first, t0), RefreshVerdict::reused);
}
TEST_F(RefreshTokenTest, InventedTokenOfAKnownFamilyIsReuse) {
  std::string invented = first;
  invented.back() = invented.back() == '0' ? '1' : '0';
  EXPECT_EQ(use(invented, t0), RefreshVerdict::reused);
}
TEST_F(RefreshTokenTest, ZerosOfAFamilyThatNeverRotatedMatchNothing) {
  EXPECT_EQ(judge_refresh(state, Digest{}, WallTime{}), RefreshVerdict::reused);
}

}  // namespace
}  // namespace gk::accounts
