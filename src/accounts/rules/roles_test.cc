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
                    Row{"commands:read", true, true, true}, Row{"locks:read", true, true, true},
                    Row{"anticheat:read", true, true, true}, Row{"tasks:read", true, true, true},
                    Row{"alerts:read", true, true, true}, Row{"plugins:read", true, true, true},
                    Row{"parties:read", true, true, true}, Row{"peers:read", true, true, true},
                    Row{"relays:read", true, true, true}, Row{"agents:read", true, true, true},
                    Row{"sessions:write", false, true, true}, Row{"locks:use", false, true, true},
                    Row{"games:read", true, true, true}, Row{"games:send", false, true, true},
                    Row{"games:write", false, false, true}, Row{"tasks:run", false, true, true},
                    Row{"locks:admin", false, false, true}, Row{"tasks:admin", false, false, true},
                    Row{"anticheat:write", false, false, true},
                    Row{"anticheat:admin", false, false, true},
                    Row{"alerts:write", false, false, true},
                    Row{"plugins:write", false, false, true}, Row{"logs:read", false, false, true},
                    Row{"config:write", false, false, true}, Row{"admin:write", false, false, true},
                    Row{"macros:admin", false, false, true}, Row{"users:read", false, false, true},
                    Row{"users:write", false, false, true}, Row{"config:read", false, false, true},
                    Row{"audit:read", false, false, true},
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
TEST(Scopes, FaultNamesTheResourcesThatExist) {
  EXPECT_FALSE(scope_fault("macros:read"));
  EXPECT_FALSE(scope_fault("*"));
  EXPECT_NE(scope_fault("macro:read").value().find(" macros "), std::string::npos);
  EXPECT_TRUE(scope_fault("macros"));
}
TEST(Scopes, BuiltinRolesNameOnlyKnownResources) {
  for (const BuiltinRole& role : builtin_roles()) {
    for (const auto scope : role.scopes) EXPECT_FALSE(scope_fault(scope)) << scope;
  }
}
TEST(Scopes, RoleNamesAreSafeWords) {
  EXPECT_TRUE(is_role_name("game-server_2"));
  EXPECT_FALSE(is_role_name(""));
  EXPECT_FALSE(is_role_name("A"));
  EXPECT_FALSE(is_role_name("a/b"));
  EXPECT_FALSE(is_role_name(std::string(65, 'a')));
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
