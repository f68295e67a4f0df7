#include "accounts/rules/totp.h"

#include <gtest/gtest.h>

#include <set>

#include "testing/seeded_random.h"

namespace gk::accounts {
namespace {

const std::string kRfcSecret = "12345678901234567890";

WallTime at(std::int64_t seconds) { return WallTime(Seconds(seconds)); }

TEST(Totp, MatchesTheVectorsOfRfc6238) {
  // Appendix B, SHA1; the last six of its eight digits.
  EXPECT_EQ(totp_code(kRfcSecret, totp_step(at(59))), "287082");
  EXPECT_EQ(totp_code(kRfcSecret, totp_step(at(1111111109))), "081804");
  EXPECT_EQ(totp_code(kRfcSecret, totp_step(at(1111111111))), "050471");
  EXPECT_EQ(totp_code(kRfcSecret, totp_step(at(1234567890))), "005924");
  EXPECT_EQ(totp_code(kRfcSecret, totp_step(at(2000000000))), "279037");
  EXPECT_EQ(totp_code(kRfcSecret, totp_step(at(20000000000))), "353130");
}
TEST(Totp, AcceptsOneStepOfDriftEitherWayAndNoMore) {
  const std::string code = totp_code(kRfcSecret, 1000);
  EXPECT_EQ(match_totp(kRfcSecret, code, at(1000 * 30), 0), 1000);
  EXPECT_EQ(match_totp(kRfcSecret, code, at(1001 * 30 + 29), 0), 1000);
  EXPECT_EQ(match_totp(kRfcSecret, code, at(999 * 30), 0), 1000);
  EXPECT_FALSE(match_totp(kRfcSecret, code, at(1002 * 30), 0));
  EXPECT_FALSE(match_totp(kRfcSecret, code, at(998 * 30 + 29), 0));
}
TEST(Totp, NoStepIsUsedTwice) {
  const std::string code = totp_code(kRfcSecret, 1000);
  EXPECT_FALSE(match_totp(kRfcSecret, code, at(1000 * 30), 1000));
  EXPECT_FALSE(match_totp(kRfcSecret, code, at(1000 * 30), 1001)) << "an older one neither";
  EXPECT_TRUE(match_totp(kRfcSecret, totp_code(kRfcSecret, 1001), at(1000 * 30), 1000));
}
TEST(Totp, SpacesDoNotMatterOtherTextIsNoCode) {
  EXPECT_TRUE(match_totp(kRfcSecret, "287 082", at(59), -1));
  for (const char* text : {"", "28708", "2870820", "0287082", "28708a", "287-082"}) {
    EXPECT_FALSE(match_totp(kRfcSecret, text, at(59), -1)) << text;
  }
}
TEST(Totp, Base32MatchesTheVectorsOfRfc4648) {
  EXPECT_EQ(base32(""), "");
  EXPECT_EQ(base32("f"), "MY");
  EXPECT_EQ(base32("fo"), "MZXQ");
  EXPECT_EQ(base32("foo"), "MZXW6");
  EXPECT_EQ(base32("foob"), "MZXW6YQ");
  EXPECT_EQ(base32("fooba"), "MZXW6YTB");
  EXPECT_EQ(base32("foobar"), "MZXW6YTBOI");
  EXPECT_EQ(base32("\xff\xff\xff\xff\xff"), "77777777");
}
TEST(Totp, UriIsWhatAppsRead) {
  EXPECT_EQ(otpauth_uri(kRfcSecret, "ann"),
            "otpauth://totp/Gamekeeper:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
            "&issuer=Gamekeeper&algorithm=SHA1&digits=6&period=30");
}
TEST(RecoveryCode, TenDifferentOnesThatReadBackHoweverTyped) {
  SeededRandom random{9};
  const auto codes = new_recovery_codes(random);
  EXPECT_EQ(std::set(codes.begin(), codes.end()).size(), kRecoveryCodes);
  for (const std::string& code : codes) {
    ASSERT_EQ(code.size(), 19U) << code;
    std::string typed;
    for (const char c : code) {
      if (c != '-') typed += static_cast<char>(std::toupper(c));
    }
    EXPECT_EQ(recovery_code_digest(code), recovery_code_digest(typed));
    EXPECT_TRUE(recovery_code_digest(code).has_value());
  }
}
TEST(RecoveryCode, OtherTextIsNone) {
  for (const char* text : {"", "287082", "abcd-efgh-ijkl-mno", "abcd-efgh-ijkl-mno1",
                           "abcd-efgh-ijkl-mnopq", "abcd_efgh_ijkl_mnop"}) {
    EXPECT_FALSE(recovery_code_digest(text)) << text;
  }
}

}  // namespace
}  // namespace gk::accounts
