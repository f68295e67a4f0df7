#include "accounts/rules/roles.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gk::accounts {
namespace {

std::vector<std::string> scopes_of(std::string_view role) {
  const auto& all = builtin_roles();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const auto& r) { return r.name == role; });
  return {it->scopes.begin(), it->scopes.end()};
}

struct Row {
  std::string_view scope;
  bool viewer, user, admin;
};

class RoleScopes : public testing::TestWithParam<Row> {};

TEST_P(RoleScopes, AreAsTheTableSays) {
  const Row& row = GetParam();
  EXPECT_EQ(holds(scopes_of("viewer"), row.scope), row.viewer) << row.scope;
  EXPECT_EQ(holds(scopes_of("user"), row.scope), row.user) << row.scope;
  EXPECT_EQ(holds(scopes_of("admin"), row.scope), row.admin) << row.scope;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RoleScopes,
    testing::Values(Row{"dashboard:read", true, true, true}, Row{"metrics:read", true, true, true},
                    Row{"health:read", true, true, true}, Row{"macros:read", true, true, true},
                    Row{"sessions:read", true, true, true}, Row{"macros:run", false, true, true},
                    Row{"samples:write", false, true, true}, Row{"commands:run", false, true, true},
                    Row{"macros:admin", false, false, true}, Row{"locks:read", true, true, true},
                    Row{"locks:use", false, true, true}, Row{"locks:admin", false, false, true},
                    Row{"users:read", false, false, true}, Row{"users:write", false, false, true},
                    Row{"config:read", false, false, true}, Row{"audit:read", false, false, true},
                    Row{"tasks:read", true, true, true}, Row{"tasks:run", false, true, true},
                    Row{"tasks:admin", false, false, true}, Row{"anticheat:read", true, true, true},
                    Row{"anticheat:write", false, false, true},
                    Row{"no-such:scope", false, false, true}));

TEST(Scopes, GrammarAcceptsResourceVerbAndStar) {
  EXPECT_TRUE(is_scope_name("*"));
  EXPECT_TRUE(is_scope_name("macros:run"));
  EXPECT_TRUE(is_scope_name("ws-tickets:write"));
}
TEST(Scopes, GrammarRefusesTheRest) {
  EXPECT_FALSE(is_scope_name(""));
  EXPECT_FALSE(is_scope_name("macros"));
  EXPECT_FALSE(is_scope_name(":run"));
  EXPECT_FALSE(is_scope_name("macros:*"));
  EXPECT_FALSE(is_scope_name("Macros:run"));
  EXPECT_FALSE(is_scope_name("a:b:c"));
}
TEST(Scopes, NobodyCoversMoreThanTheyHold) {
  EXPECT_FALSE(covers(scopes_of("viewer"), scopes_of("user")));
  EXPECT_TRUE(covers(scopes_of("user"), scopes_of("viewer")));
  EXPECT_TRUE(covers(scopes_of("admin"), scopes_of("admin")));
  EXPECT_FALSE(covers(scopes_of("user"), scopes_of("admin")));
}
TEST(Scopes, PrefixOfAHeldScopeIsNotHeld) {
  const std::vector<std::string> held{"macros:run"};
  EXPECT_FALSE(holds(held, "macros:ru"));
  EXPECT_FALSE(holds(held, "macros:runs"));
}

}  // namespace
}  // namespace gk::accounts
