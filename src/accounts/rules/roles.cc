#include "accounts/rules/roles.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace gk::accounts {
namespace {

bool is_word(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

std::vector<std::string_view> with(std::vector<std::string_view> base,
                                   std::initializer_list<std::string_view> more) {
  base.insert(base.end(), more);
  return base;
}

// Source: platform specification, accounts.
constexpr std::array<std::string_view, 22> kResources{
    "admin",   "agents", "alerts",  "anticheat", "audit",  "commands", "config",  "dashboard",
    "games",   "health", "locks",   "logs",      "macros", "metrics",  "parties", "peers",
    "plugins", "relays", "samples", "sessions",  "tasks",  "users"};

}  // namespace

const std::vector<BuiltinRole>& builtin_roles() {
  static const std::vector<std::string_view> kViewer{
      "dashboard:read", "metrics:read",  "health:read", "macros:read",
      "sessions:read",  "commands:read", "games:read",  "locks:read",
      "anticheat:read", "tasks:read",    "alerts:read", "plugins:read",
      "parties:read",   "peers:read",    "relays:read", "agents:read"};
  static const std::vector<BuiltinRole> kRoles{
      {"viewer", kViewer},
      {"user", with(kViewer, {"macros:run", "samples:write", "commands:run", "sessions:write",
                              "locks:use", "tasks:run", "games:send"})},
      {kAdminRole, {"*"}},
  };
  return kRoles;
}

std::span<const std::string_view> scope_resources() { return kResources; }

std::optional<std::string> scope_fault(std::string_view scope) {
  if (!is_scope_name(scope)) return "expected resource:verb, such as macros:read, or *";
  const std::string_view resource = scope.substr(0, scope.find(':'));
  if (scope == "*" ||
      std::find(kResources.begin(), kResources.end(), resource) != kResources.end()) {
    return std::nullopt;
  }
  std::string out = "expected one of the resources";
  for (const std::string_view known : kResources) out += ' ' + std::string(known);
  return out;
}

bool is_role_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
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
