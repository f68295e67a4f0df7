#include "accounts/rules/password_policy.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace gk::accounts {
namespace {

bool accepted(std::string_view password, std::string_view username = "ann") {
  return !password_fault(password, username).has_value();
}

TEST(PasswordPolicy, CountsCodePointsNotBytes) {
  EXPECT_FALSE(accepted("zu k\xC3\xBChl he\xC3\x9F")) << "11 code points in 13 bytes";
  EXPECT_TRUE(accepted("zu k\xC3\xBChl hei\xC3\x9F!"));
}
TEST(PasswordPolicy, AcceptsTwelveAndRefusesEleven) {
  EXPECT_TRUE(accepted("vT4#mQ9z!pK2"));
  EXPECT_FALSE(accepted("vT4#mQ9z!pK"));
}
TEST(PasswordPolicy, AcceptsUpTo1024Bytes) {
  std::string text;
  SeededRandom random(5);
  while (text.size() < 1024) text += static_cast<char>('!' + random.below(94));
  EXPECT_TRUE(accepted(text));
  EXPECT_FALSE(accepted(text + "x"));
}
TEST(PasswordPolicy, RefusesWhatIsNotText) {
  EXPECT_FALSE(accepted("vT4#mQ9z!pK2\xFF"));
  EXPECT_FALSE(accepted(std::string_view("vT4#mQ9z\0pK2", 12)));
  EXPECT_FALSE(accepted("vT4#mQ9z!pK2\n"));
}
TEST(PasswordPolicy, RefusesRuns) {
  EXPECT_FALSE(accepted("abcdefghijkl"));
  EXPECT_FALSE(accepted("210987654321"));
  EXPECT_FALSE(accepted("qwertyuiop12"));
  EXPECT_FALSE(accepted("1qaz2wsx3edc"));
  EXPECT_FALSE(accepted("qwerty123456"));
  EXPECT_FALSE(accepted("Qwertz!23456"));
}
TEST(PasswordPolicy, RefusesRepetition) {
  EXPECT_FALSE(accepted("aaaaaaaaaaaa"));
  EXPECT_FALSE(accepted("xkcdxkcdxkcd"));
  EXPECT_FALSE(accepted("xkcd7Pxkcd7P"));
  EXPECT_FALSE(accepted("kzkzzkkzqkqz"));
}
TEST(PasswordPolicy, RefusesTheUsernameAsFiller) {
  EXPECT_FALSE(accepted("margarethe-7Kq", "margarethe"));
  EXPECT_FALSE(accepted("7KqMARGARETHE!", "Margarethe"));
  EXPECT_TRUE(accepted("margarethe drinks cold tea", "margarethe"));
}
TEST(PasswordPolicy, RefusesTheList) { EXPECT_FALSE(accepted("Iloveyouforever!")); }
TEST(PasswordPolicy, TakesPassphrases) {
  EXPECT_TRUE(accepted("seven lamps drift past"));
  EXPECT_TRUE(accepted("the duke owes me eleven turnips"));
}
TEST(PasswordPolicy, NeverRepeatsThePassword) {
  const auto fault = password_fault("welcome2024!", "ann");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->find("welcome"), std::string::npos);
}

// Property: what a password manager makes is never refused by chance.
TEST(PasswordPolicyProperty, AcceptsRandomPasswords) {
  SeededRandom random(11);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (int n = 0; n < 16; ++n) text += static_cast<char>('!' + random.below(94));
    refused += accepted(text) ? 0 : 1;
  }
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace gk::accounts
