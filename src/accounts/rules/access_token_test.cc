#include "accounts/rules/access_token.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "testing/seeded_random.h"

namespace gk::accounts {
namespace {

constexpr std::int64_t kNow = 1'767'225'600;

class AccessTokenTest : public testing::Test {
 protected:
  SeededRandom random{3};
  AccessTokenKey key{new_secret_key(random)};
  AccessTokenKey other{new_secret_key(random)};
  AccessClaims claims{.subject = "u1",
                      .session_id = "s1",
                      .token_id = "t1",
                      .scopes = {"macros:read", "macros:run"},
                      .issued_at_s = kNow,
                      .expires_at_s = kNow + 600};
  std::string token = key.sign(claims);

  Errc fault(std::string_view text, std::int64_t now = kNow) const {
    const auto verdict = key.verify(text, now);
    EXPECT_FALSE(verdict) << text;
    return verdict ? Errc::internal : verdict.error().code;
  }
  std::string payload_of(const std::string& text) const {
    const std::size_t first = text.find('.'), last = text.rfind('.');
    return text.substr(first + 1, last - first - 1);
  }
  /// A token with a right signature over these claims.
  std::string with(std::string_view payload) const { return key.sign_payload_for_test(payload); }
};

TEST_F(AccessTokenTest, ReadsBackWhatWasSigned) {
  EXPECT_EQ(key.verify(token, kNow).value(), claims);
}
TEST_F(AccessTokenTest, HeaderSaysEdDsaAndAtJwt) {
  const auto header = from_base64url(token.substr(0, token.find('.'))).value();
  EXPECT_EQ(header.find(R"({"alg":"EdDSA","typ":"at+jwt","kid":")"), 0U) << header;
}
TEST_F(AccessTokenTest, IsOverAtExactlyItsExpiry) {
  EXPECT_TRUE(key.verify(token, kNow + 599));
  EXPECT_EQ(fault(token, kNow + 600), Errc::deadline_exceeded);
}
TEST_F(AccessTokenTest, OfAnotherKeyIsRefused) {
  EXPECT_EQ(fault(other.sign(claims)), Errc::unauthenticated);
  // Our header and claims, their signature.
  const std::string theirs = other.sign(claims);
  EXPECT_EQ(fault(key.prefix() + payload_of(token) + theirs.substr(theirs.rfind('.'))),
            Errc::unauthenticated);
}
TEST_F(AccessTokenTest, AnyChangedCharacterIsRefused) {
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(fault(changed), Errc::unauthenticated) << "at " << i;
  }
}
TEST_F(AccessTokenTest, AnyTruncationIsRefused) {
  for (std::size_t n = 0; n < token.size(); ++n) (void)fault(token.substr(0, n));
}
TEST_F(AccessTokenTest, SwappedPartsAreRefused) {
  AccessClaims more = claims;
  more.scopes = {"*"};
  const std::string admin = key.sign(more);
  EXPECT_EQ(fault(key.prefix() + payload_of(admin) + token.substr(token.rfind('.'))),
            Errc::unauthenticated);
  EXPECT_EQ(fault(payload_of(token) + "." + key.prefix() + token.substr(token.rfind('.') + 1)),
            Errc::unauthenticated);
}
TEST_F(AccessTokenTest, AlgNoneIsRefused) {
  const std::string none = base64url(R"({"alg":"none","typ":"at+jwt"})");
  EXPECT_EQ(fault(none + "." + payload_of(token) + "."), Errc::unauthenticated);
  EXPECT_EQ(fault(none + "." + payload_of(token) + token.substr(token.rfind('.'))),
            Errc::unauthenticated);
}
TEST_F(AccessTokenTest, HmacWithThePublicKeyIsRefused) {
  // The classic confusion: HS256 keyed with the public key, which is no secret.
  const SecretKey seed = new_secret_key(random);
  const AccessTokenKey ours(seed);
  std::array<unsigned char, 32> public_key{};
  std::array<unsigned char, 64> secret{};
  crypto_sign_seed_keypair(public_key.data(), secret.data(), seed.data());
  for (const char* alg : {"HS256", "HS512", "EdDSA"}) {
    std::string text = base64url(std::string(R"({"alg":")") + alg + R"(","typ":"at+jwt"})") + "." +
                       payload_of(token);
    std::array<unsigned char, 32> mac{};
    crypto_auth_hmacsha256(mac.data(), reinterpret_cast<const unsigned char*>(text.data()),
                           text.size(), public_key.data());
    text += "." + base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
    EXPECT_FALSE(ours.verify(text, kNow)) << alg;
  }
}
TEST_F(AccessTokenTest, RightSignatureUnderAnotherHeaderIsRefused) {
  const std::string header = from_base64url(token.substr(0, token.find('.'))).value();
  const std::string payload = from_base64url(payload_of(token)).value();
  EXPECT_TRUE(key.verify(key.sign_for_test(header, payload), kNow)) << "negative control";
  std::string id_token = header;
  id_token.replace(id_token.find("at+jwt"), 6, "id+jwt");
  EXPECT_EQ(fault(key.sign_for_test(id_token, payload)), Errc::unauthenticated);
  EXPECT_EQ(fault(key.sign_for_test(R"({"alg":"EdDSA","typ":"JWT"})", payload)),
            Errc::unauthenticated);
  EXPECT_EQ(fault(key.sign_for_test(header + " ", payload)), Errc::unauthenticated);
}
TEST_F(AccessTokenTest, SignedClaimsOfAnotherAudienceOrIssuerAreRefused) {
  const std::string rest =
      R"("sub":"u","sid":"s","jti":"t","iat":1767225600,"exp":1767226200,"scope":"*"})";
  EXPECT_TRUE(key.verify(with(R"({"iss":"gamekeeper","aud":"gamekeeper-api",)" + rest), kNow));
  EXPECT_EQ(fault(with(R"({"iss":"gamekeeper","aud":"another",)" + rest)), Errc::unauthenticated);
  EXPECT_EQ(fault(with(R"({"iss":"another","aud":"gamekeeper-api",)" + rest)),
            Errc::unauthenticated);
  EXPECT_EQ(fault(with(R"({"iss":"gamekeeper","aud":["gamekeeper-api","another"],)" + rest)),
            Errc::unauthenticated);
  EXPECT_EQ(fault(with(R"({"iss":"gamekeeper",)" + rest)), Errc::unauthenticated);
}
TEST_F(AccessTokenTest, SignedClaimsOfWrongTypesAreRefused) {
  const std::string head = R"({"iss":"gamekeeper","aud":"gamekeeper-api",)";
  for (const char* rest :
       {R"("sub":"","sid":"s","jti":"t","iat":1,"exp":9999999999,"scope":""})",
        R"("sub":7,"sid":"s","jti":"t","iat":1,"exp":9999999999,"scope":""})",
        R"("sub":"u","jti":"t","iat":1,"exp":9999999999,"scope":""})",
        R"("sub":"u","sid":"s","jti":"t","iat":1,"exp":"9999999999","scope":""})",
        R"("sub":"u","sid":"s","jti":"t","iat":1,"exp":1e300,"scope":""})",
        R"("sub":"u","sid":"s","jti":"t","iat":1,"scope":""})",
        R"("sub":"u","sid":"s","jti":"t","iat":-1,"exp":9999999999,"scope":""})",
        R"("sub":"u","sid":"s","jti":"t","iat":1,"exp":9999999999,"scope":"NOT a scope"})",
        R"("sub":"u","sid":"s","jti":"t","iat":1,"exp":9999999999,"scope":"a:b "})",
        R"("sub":"u","sub":"v","sid":"s","jti":"t","iat":1,"exp":9999999999,"scope":""})"}) {
    EXPECT_EQ(fault(with(head + rest)), Errc::unauthenticated) << rest;
  }
  EXPECT_EQ(fault(with("[]")), Errc::unauthenticated);
  EXPECT_EQ(fault(with("")), Errc::unauthenticated);
  EXPECT_EQ(fault(with(std::string(100, '['))), Errc::unauthenticated);
}
TEST_F(AccessTokenTest, IssuedInTheFutureIsRefusedBeyondALittleLeeway) {
  EXPECT_TRUE(key.verify(token, kNow - 60));
  EXPECT_EQ(fault(token, kNow - 61), Errc::unauthenticated);
}
TEST_F(AccessTokenTest, OverlongTextIsRefused) {
  EXPECT_EQ(fault(token + std::string(kMaxAccessTokenBytes, 'A')), Errc::unauthenticated);
  EXPECT_EQ(fault(key.prefix() + std::string(100'000, 'A') + "."), Errc::unauthenticated);
}

TEST(Base64Url, ReadsBackEveryLength) {
  std::string bytes;
  for (int n = 0; n < 70; ++n, bytes += static_cast<char>(n * 37)) {
    EXPECT_EQ(from_base64url(base64url(bytes)), bytes);
  }
}
TEST(Base64Url, RefusesEveryOtherSpelling) {
  EXPECT_EQ(from_base64url("YQ"), "a");
  for (const char* text : {"YR", "YQ==", "YQ=", "Y", "Y Q", "YQ\n", "+/+/", "Y.Q"}) {
    EXPECT_FALSE(from_base64url(text)) << text;
  }
}
TEST(Base64Url, RefusesEveryByteOutsideTheAlphabet) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool wanted = alphabet.find(c) != std::string::npos;
    EXPECT_EQ(from_base64url(std::string("AAA") + c).has_value(), wanted) << byte;
  }
}

}  // namespace
}  // namespace gk::accounts
