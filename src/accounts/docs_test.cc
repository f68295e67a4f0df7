// What docs/accounts.md says about the roles is what the code has.
#include <gtest/gtest.h>

#include <string>

#include "accounts/rules/roles.h"
#include "sys/files.h"

namespace gk::accounts {
namespace {

std::string page() {
  return sys::read_file(GK_SOURCE_DIR "/docs/accounts.md", 1 << 20).value();
}

/// The text of `page` from `begin` to the next `end`.
std::string part(const std::string& page, std::string_view begin, std::string_view end) {
  const std::size_t from = page.find(begin);
  return from == std::string::npos ? "" : page.substr(from, page.find(end, from) - from);
}

std::string missing_scopes(const std::string& page) {
  std::string missing;
  const auto& roles = builtin_roles();
  const std::string viewer = part(page, "| `viewer` |", "\n"), user = part(page, "| `user` |", "\n");
  for (const std::string_view scope : roles[0].scopes) {
    const std::string resource(scope.substr(0, scope.find(':')));
    if (viewer.find("`" + resource + "`") == std::string::npos) missing += resource + " ";
  }
  for (std::size_t i = roles[0].scopes.size(); i < roles[1].scopes.size(); ++i) {
    const std::string scope(roles[1].scopes[i]);
    if (user.find("`" + scope + "`") == std::string::npos) missing += scope + " ";
  }
  const std::string resources = part(page, "resources are", "The built-in roles");
  for (const std::string_view name : scope_resources()) {
    if (resources.find(std::string(name)) == std::string::npos) missing += std::string(name) + " ";
  }
  return missing;
}

TEST(AccountsDocument, NamesTheScopesOfTheBuiltInRolesAndAllResources) {
  EXPECT_EQ(missing_scopes(page()), "");
}

TEST(AccountsDocument, WouldMissAScopeThatIsNotThere) {
  std::string other = page();
  const std::size_t at = other.find("`games:send`");
  ASSERT_NE(at, std::string::npos);
  other.replace(at, 12, "");
  EXPECT_EQ(missing_scopes(other), "games:send ");
}

}  // namespace
}  // namespace gk::accounts
