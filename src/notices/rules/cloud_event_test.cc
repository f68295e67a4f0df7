#include "notices/rules/cloud_event.h"

#include <gtest/gtest.h>

namespace gk::notices {
namespace {

// Source: RFC 4231, test cases 1, 2 and 6.
TEST(HmacSha256, MatchesTheVectorsOfRfc4231) {
  EXPECT_EQ(hmac_sha256(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256(std::string(131, '\xaa'),
                        "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Signature, ChangesWithSecretTimeAndBody) {
  const std::string one = signature("secret", 1767225600, "{}");
  EXPECT_TRUE(one.starts_with("t=1767225600,v1="));
  EXPECT_EQ(one, signature("secret", 1767225600, "{}"));
  EXPECT_NE(one.substr(13), signature("Secret", 1767225600, "{}").substr(13));
  EXPECT_NE(one.substr(13), signature("secret", 1767225601, "{}").substr(13));
  EXPECT_NE(one.substr(13), signature("secret", 1767225600, "{} ").substr(13));
}

TEST(CloudEvent, HasTheRequiredAttributesAndTheNotice) {
  Notice n;
  n.id = "0193";
  n.kind = "macro.cancelled";
  n.subject = "heal";
  n.text = "too \"slow\"";
  const JsonValue event = parse_json(cloud_event(n, "/gamekeeper/host")).value();
  EXPECT_EQ(event.find("specversion")->as_string(), "1.0");
  EXPECT_EQ(event.find("id")->as_string(), "0193");
  EXPECT_EQ(event.find("source")->as_string(), "/gamekeeper/host");
  EXPECT_EQ(event.find("type")->as_string(), "gamekeeper.macro.cancelled");
  EXPECT_EQ(event.find("subject")->as_string(), "heal");
  EXPECT_EQ(event.find("data")->find("text")->as_string(), "too \"slow\"");
}

}  // namespace
}  // namespace gk::notices
