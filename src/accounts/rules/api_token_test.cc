#include "accounts/rules/api_token.h"

#include <gtest/gtest.h>

#include "accounts/rules/session_rules.h"
#include "testing/seeded_random.h"

namespace gk::accounts {
namespace {

using Scopes = std::vector<std::string>;

TEST(ApiToken, HasItsFormAndIsNewEachTime) {
  SeededRandom random{5};
  const std::string token = new_api_token(random);
  EXPECT_EQ(token.size(), 71U);
  EXPECT_TRUE(is_api_token(token));
  EXPECT_NE(new_api_token(random), token);
}
TEST(ApiToken, OtherFormsAreRefused) {
  const std::string digits(64, 'a');
  EXPECT_TRUE(is_api_token("gk_pat_" + digits));
  EXPECT_FALSE(is_api_token(digits));
  EXPECT_FALSE(is_api_token("gk_pat_" + digits + "a"));
  EXPECT_FALSE(is_api_token("GK_PAT_" + digits));
  EXPECT_FALSE(is_api_token("gk_pat_" + std::string(64, 'g')));
  EXPECT_FALSE(is_api_token(""));
}
TEST(ApiToken, DigestIsOfItsOwnPurpose) {
  const std::string digits(64, 'a');
  EXPECT_NE(api_token_digest(digits), session_token_digest(digits));
}
TEST(ApiToken, EffectiveScopesAreThoseThatTheOwnerStillHolds) {
  const Scopes owner{"macros:read", "macros:run"};
  EXPECT_EQ(effective_scopes(Scopes{"macros:run", "users:write"}, owner), Scopes{"macros:run"});
  EXPECT_EQ(effective_scopes(Scopes{"macros:run"}, Scopes{"*"}), Scopes{"macros:run"});
  EXPECT_EQ(effective_scopes(Scopes{"macros:run"}, Scopes{}), Scopes{});
}
TEST(ApiToken, StarFollowsItsOwnerAndNeverExceedsThem) {
  const Scopes owner{"macros:read"};
  EXPECT_EQ(effective_scopes(Scopes{"*"}, owner), owner);
  EXPECT_EQ(effective_scopes(Scopes{"*"}, Scopes{"*"}), Scopes{"*"});
}
TEST(ApiToken, NamesAreTextWithoutControls) {
  EXPECT_FALSE(token_name_fault("Ünïcode 名前 <b>'; DROP"));
  EXPECT_TRUE(token_name_fault(""));
  EXPECT_TRUE(token_name_fault("a\nb"));
  EXPECT_TRUE(token_name_fault(std::string_view("a\0b", 3)));
  EXPECT_TRUE(token_name_fault("\xff"));
  EXPECT_FALSE(token_name_fault(std::string(100, 'a')));
  EXPECT_TRUE(token_name_fault(std::string(101, 'a')));
}

}  // namespace
}  // namespace gk::accounts
