#include "accounts/rules/subkey.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace gk::accounts {
namespace {

class SubkeyTest : public testing::Test {
 protected:
  SeededRandom random{7};
  SecretKey master = new_secret_key(random);
};

TEST_F(SubkeyTest, PurposesAndMastersGiveDifferentKeys) {
  EXPECT_EQ(subkey(master, "a"), subkey(master, "a"));
  EXPECT_NE(subkey(master, "a"), subkey(master, "b"));
  EXPECT_NE(subkey(master, "a"), subkey(new_secret_key(random), "a"));
  EXPECT_NE(subkey(master, "a"), master);
}
TEST_F(SubkeyTest, FileTextReadsBack) {
  EXPECT_EQ(parse_secret_key(format_secret_key(master)), master);
  EXPECT_EQ(format_secret_key(master).size(), 65U);
}
TEST_F(SubkeyTest, DamagedFileTextIsRefused) {
  const std::string text = format_secret_key(master);
  EXPECT_FALSE(parse_secret_key(""));
  EXPECT_FALSE(parse_secret_key(text.substr(1)));
  EXPECT_FALSE(parse_secret_key(text + "0"));
  EXPECT_FALSE(parse_secret_key("g" + text.substr(1)));
  EXPECT_FALSE(parse_secret_key("A" + text.substr(1)));
}
TEST_F(SubkeyTest, SealedTextOpensWithItsKeyOnly) {
  const auto sealed = seal(master, "a secret", random);
  EXPECT_EQ(unseal(master, sealed), "a secret");
  EXPECT_FALSE(unseal(new_secret_key(random), sealed));
}
TEST_F(SubkeyTest, ChangedSealedByteIsNoticed) {
  const auto sealed = seal(master, "a secret", random);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(unseal(master, changed)) << "byte " << i;
  }
  EXPECT_FALSE(unseal(master, {}));
}
TEST_F(SubkeyTest, SealingTwiceLooksDifferent) {
  EXPECT_NE(seal(master, "a secret", random), seal(master, "a secret", random));
}

}  // namespace
}  // namespace gk::accounts
