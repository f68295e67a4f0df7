#include "api/host_rules.h"

#include <gtest/gtest.h>

namespace gk::api {
namespace {

const HostRules rules({"localhost", "127.0.0.1", "::1", "Box.local"}, {"https://gk.example"});

TEST(HostRules, AllowsListedNamesWithAnyPortAndCase) {
  EXPECT_TRUE(rules.host_allowed("localhost:5000"));
  EXPECT_TRUE(rules.host_allowed("LOCALHOST"));
  EXPECT_TRUE(rules.host_allowed("box.local."));
  EXPECT_TRUE(rules.host_allowed("[::1]:5000"));
}

TEST(HostRules, RefusesForeignAndMalformedHosts) {
  EXPECT_FALSE(rules.host_allowed("evil.example:5000"));
  EXPECT_FALSE(rules.host_allowed("localhost.evil.example"));
  EXPECT_FALSE(rules.host_allowed("localhost:5000:1"));
  EXPECT_FALSE(rules.host_allowed("localhost:x"));
  EXPECT_FALSE(rules.host_allowed("[::1"));
  EXPECT_FALSE(rules.host_allowed(""));
}

TEST(HostRules, AllowsOwnOriginOnlyOnTheSamePort) {
  EXPECT_TRUE(rules.origin_allowed("http://localhost:5000", "localhost:5000"));
  EXPECT_TRUE(rules.origin_allowed("http://localhost", "localhost"));
  EXPECT_FALSE(rules.origin_allowed("http://localhost:5001", "localhost:5000"));
  EXPECT_FALSE(rules.origin_allowed("http://127.0.0.1:5000", "localhost:5000"));
}

TEST(HostRules, RefusesNullAndForeignOriginsAndTakesConfiguredOnes) {
  EXPECT_FALSE(rules.origin_allowed("null", "localhost:5000"));
  EXPECT_FALSE(rules.origin_allowed("http://evil.example", "localhost:5000"));
  EXPECT_FALSE(rules.origin_allowed("file://localhost:5000", "localhost:5000"));
  EXPECT_TRUE(rules.origin_allowed("https://gk.example", "localhost:5000"));
}

TEST(HostRules, RefusesAPlainOriginUnderTlsExceptOfTheMachineItself) {
  const HostRules tls({"gk.example"}, {}, OriginScheme::https);
  EXPECT_TRUE(tls.origin_allowed("https://gk.example", "gk.example"));
  EXPECT_FALSE(tls.origin_allowed("http://gk.example", "gk.example"));
  EXPECT_FALSE(tls.origin_allowed("http://127.evil.example", "127.evil.example"));
  EXPECT_TRUE(tls.origin_allowed("http://127.0.0.1:5000", "127.0.0.1:5000"));
  EXPECT_TRUE(tls.origin_allowed("http://[::1]:5000", "[::1]:5000"));
}

TEST(HostRules, RefusesEveryPlainOriginWhereTlsIsOurOwn) {
  const HostRules tls({"gk.example"}, {}, OriginScheme::https_only);
  EXPECT_TRUE(tls.origin_allowed("https://127.0.0.1:5000", "127.0.0.1:5000"));
  EXPECT_FALSE(tls.origin_allowed("http://127.0.0.1:5000", "127.0.0.1:5000"));
  EXPECT_FALSE(tls.origin_allowed("http://localhost", "localhost")) << "port 80 is not ours";
}

}  // namespace
}  // namespace gk::api
