#include "accounts/rules/cookie.h"

#include <gtest/gtest.h>

namespace gk::accounts {
namespace {

TEST(LoopbackHost, IsLocalhostAnd127AndIpv6One) {
  EXPECT_TRUE(is_loopback_host("localhost"));
  EXPECT_TRUE(is_loopback_host("LocalHost:5000"));
  EXPECT_TRUE(is_loopback_host("gk.localhost:5000"));
  EXPECT_TRUE(is_loopback_host("127.0.0.1:5000"));
  EXPECT_TRUE(is_loopback_host("127.9.9.9"));
  EXPECT_TRUE(is_loopback_host("[::1]:5000"));
}
TEST(LoopbackHost, IsNothingThatOnlyLooksLikeIt) {
  EXPECT_FALSE(is_loopback_host("127.0.0.1.example.org"));
  EXPECT_FALSE(is_loopback_host("notlocalhost"));
  EXPECT_FALSE(is_loopback_host("localhost.example.org"));
  EXPECT_FALSE(is_loopback_host("192.168.1.5:5000"));
  EXPECT_FALSE(is_loopback_host("[::2]"));
  EXPECT_FALSE(is_loopback_host("[::1"));
  EXPECT_FALSE(is_loopback_host(""));
}
TEST(SessionCookie, IsHostPrefixedAndSecureOnLoopback) {
  EXPECT_EQ(session_cookie(TransportSecurity::plain, "localhost:5000", "t"),
            "__Host-gamekeeper=t; Path=/; HttpOnly; SameSite=Strict; Secure");
}
TEST(SessionCookie, IsHostPrefixedUnderTls) {
  EXPECT_EQ(session_cookie_name(TransportSecurity::tls, "games.example.org"), kHostCookie);
}
TEST(SessionCookie, IsPlainOverPlainHttpElsewhere) {
  EXPECT_EQ(session_cookie(TransportSecurity::plain, "192.168.1.5:5000", "t"),
            "gamekeeper_session=t; Path=/; HttpOnly; SameSite=Strict");
}
TEST(ClearedCookie, IsEmptyAndEndsAtOnce) {
  EXPECT_EQ(cleared_cookie(TransportSecurity::plain, "127.0.0.1"),
            "__Host-gamekeeper=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
}

}  // namespace
}  // namespace gk::accounts
