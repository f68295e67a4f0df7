#include "accounts/rules/setup_code.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;
constexpr MonoTime t0{1h};
constexpr std::string_view kCode = "0123-4567-89ab-cdef-0123-4567-89ab-cdef";

class SetupCodeTest : public testing::Test {
 protected:
  SetupCode code{kCode, t0, {.max_wrong = 3}};
  void guess_wrong_three_times() {
    (void)code.claim("wrong", t0);
    (void)code.claim("wrong", t0);
    (void)code.claim("wrong", t0);
  }
};

TEST_F(SetupCodeTest, IsRightWithoutHyphensAndInUpperCase) {
  EXPECT_EQ(code.claim(" 0123456789ABCDEF0123456789ABCDEF\n", t0), SetupCodeVerdict::right);
}
TEST_F(SetupCodeTest, IsClaimedByTheFirstOnly) {
  EXPECT_EQ(code.claim(kCode, t0), SetupCodeVerdict::right);
  EXPECT_EQ(code.claim(kCode, t0), SetupCodeVerdict::busy);
}
TEST_F(SetupCodeTest, IsUsableAgainAfterRelease) {
  ASSERT_EQ(code.claim(kCode, t0), SetupCodeVerdict::right);
  code.release();
  EXPECT_EQ(code.claim(kCode, t0), SetupCodeVerdict::right);
}
TEST_F(SetupCodeTest, ExpiresAtFifteenMinutes) {
  EXPECT_EQ(code.claim(kCode, t0 + 15min), SetupCodeVerdict::expired);
  EXPECT_EQ(code.claim(kCode, t0 + 15min - 1ns), SetupCodeVerdict::right);
}
TEST_F(SetupCodeTest, IsVoidAfterTooManyWrongTries) {
  guess_wrong_three_times();
  EXPECT_TRUE(code.is_void(t0));
  EXPECT_EQ(code.claim(kCode, t0), SetupCodeVerdict::spent);
}
TEST_F(SetupCodeTest, IsNotVoidWhileClaimed) {
  ASSERT_EQ(code.claim(kCode, t0 + 14min), SetupCodeVerdict::right);
  EXPECT_FALSE(code.is_void(t0 + 16min));
}
TEST_F(SetupCodeTest, EmptyTextIsWrong) { EXPECT_EQ(code.claim("", t0), SetupCodeVerdict::wrong); }

TEST(NewSetupCode, HasEightGroupsOfFourDigits) {
  SeededRandom random(3);
  const std::string text = new_setup_code(random);
  EXPECT_EQ(text.size(), 39U);
  EXPECT_EQ(text[4], '-');
  EXPECT_NE(text, new_setup_code(random));
}

}  // namespace
}  // namespace gk::accounts
