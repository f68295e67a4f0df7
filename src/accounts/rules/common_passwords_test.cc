#include "accounts/rules/common_passwords.h"

#include <gtest/gtest.h>

namespace gk::accounts {
namespace {

TEST(CommonPassword, KnowsAPhraseInAnyCaseAndSpacing) {
  EXPECT_TRUE(is_common_password("correct horse battery staple"));
  EXPECT_TRUE(is_common_password("Correct-Horse-Battery-Staple"));
  EXPECT_TRUE(is_common_password("May the Force be with you!"));
}
TEST(CommonPassword, SeesThroughSubstitutions) {
  EXPECT_TRUE(is_common_password("p4$$w0rd1234"));
  EXPECT_TRUE(is_common_password("1337Passw0rd!"));
  EXPECT_TRUE(is_common_password("adm1n1strat0r"));
}
TEST(CommonPassword, SeesThroughDecoration) {
  EXPECT_TRUE(is_common_password("Welcome2024!"));
  EXPECT_TRUE(is_common_password("password12345678"));
  EXPECT_TRUE(is_common_password("admin-password-1"));
  EXPECT_TRUE(is_common_password("admin123password"));
}
TEST(CommonPassword, ManyFreeCharactersAreNotDecoration) {
  EXPECT_FALSE(is_common_password("password8302917465"));
}
TEST(CommonPassword, LeavesOtherPhrasesAlone) {
  EXPECT_FALSE(is_common_password("seven lamps drift past"));
  EXPECT_FALSE(is_common_password("x9$kQ2!vLm3@"));
  EXPECT_FALSE(is_common_password(""));
  EXPECT_FALSE(is_common_password("83029174658823"));
}

}  // namespace
}  // namespace gk::accounts
