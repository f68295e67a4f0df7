#include "accounts/rules/username.h"

#include <gtest/gtest.h>

namespace gk::accounts {
namespace {

TEST(Username, IsLowerCased) { EXPECT_EQ(parse_username("Ann.B-c_9").value(), "ann.b-c_9"); }
TEST(Username, AcceptsOneAnd64Characters) {
  EXPECT_TRUE(parse_username("a"));
  EXPECT_TRUE(parse_username(std::string(64, 'a')));
}
TEST(Username, RefusesEmptyAnd65Characters) {
  EXPECT_FALSE(parse_username(""));
  EXPECT_FALSE(parse_username(std::string(65, 'a')));
}
TEST(Username, RefusesOtherCharacters) {
  EXPECT_FALSE(parse_username("a b"));
  EXPECT_FALSE(parse_username("a/b"));
  EXPECT_FALSE(parse_username("\xC3\xA9ric"));
  EXPECT_FALSE(parse_username(std::string_view("a\0b", 3)));
  EXPECT_FALSE(parse_username("a\r\nb"));
}
TEST(Username, RefusesPathLikeStarts) {
  EXPECT_FALSE(parse_username(".."));
  EXPECT_FALSE(parse_username("-rf"));
}
TEST(Username, RefusesReservedNamesInAnyCase) {
  EXPECT_FALSE(parse_username("Local-Admin"));
  EXPECT_FALSE(parse_username("system"));
}

}  // namespace
}  // namespace gk::accounts
