#include "accounts/rules/roles.h"

#include <algorithm>

namespace gk::accounts {
namespace {

bool is_word(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

}  // namespace

const std::vector<BuiltinRole>& builtin_roles() {
  static const std::vector<BuiltinRole> kRoles{
      {"viewer",
       {"dashboard:read", "metrics:read", "health:read", "macros:read", "locks:read", "tasks:read",
        "anticheat:read", "sessions:read"}},
      {"user",
       {"dashboard:read", "metrics:read", "health:read", "macros:read", "locks:read", "tasks:read",
        "anticheat:read", "sessions:read", "locks:use", "tasks:run", "macros:run", "samples:write",
        "commands:run"}},
      {kAdminRole, {"*"}},
  };
  return kRoles;
}

bool is_scope_name(std::string_view text) {
  if (text == "*") return true;
  const std::size_t colon = text.find(':');
  return text.size() <= 64 && colon != std::string_view::npos && is_word(text.substr(0, colon)) &&
         is_word(text.substr(colon + 1));
}

bool holds(std::span<const std::string> held, std::string_view scope) {
  return std::any_of(held.begin(), held.end(),
                     [&](const std::string& h) { return h == "*" || h == scope; });
}

bool covers(std::span<const std::string> held, std::span<const std::string> wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const std::string& scope) { return holds(held, scope); });
}

}  // namespace gk::accounts
