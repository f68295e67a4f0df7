#include "accounts/rules/digest.h"

#include <gtest/gtest.h>

namespace gk::accounts {
namespace {

TEST(Digest, IsBlake2bOfPurposeZeroAndText) {
  // Source: Python hashlib.blake2b(b"setup\0abc", digest_size=32).hexdigest()
  EXPECT_EQ(to_hex(digest_of("setup", "abc")),
            "12b53363bf86bd08a8f6789b641c08f4490230d9d77040bf32d489e3670db23e");
}

TEST(Digest, DiffersByPurpose) { EXPECT_NE(digest_of("setup", "x"), digest_of("session", "x")); }

TEST(Digest, ComparisonSeesTheLastByte) {
  Digest a = digest_of("p", "t");
  const Digest b = a;
  EXPECT_TRUE(same_digest(a, b));
  a.back() ^= 1;
  EXPECT_FALSE(same_digest(a, b));
}

}  // namespace
}  // namespace gk::accounts
