#include "accounts/rules/username.h"

#include <algorithm>
#include <array>

namespace gk::accounts {
namespace {

// Source: the actors of audit rows that are no users.
constexpr std::array<std::string_view, 3> kReserved{"local-admin", "setup", "system"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

Result<std::string> parse_username(std::string_view text) {
  if (text.empty() || text.size() > kMaxUsernameBytes) {
    return Error{Errc::invalid_argument, "expected 1 to 64 characters"};
  }
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(), lower);
  const bool legal = std::all_of(name.begin(), name.end(), [](char c) {
    return is_alnum(c) || c == '_' || c == '.' || c == '-';
  });
  if (!legal) return Error{Errc::invalid_argument, "expected letters a-z, digits, '_', '.', '-'"};
  if (!is_alnum(name.front())) {
    return Error{Errc::invalid_argument, "expected a letter or digit first"};
  }
  if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
    return Error{Errc::invalid_argument, "the name is reserved"};
  }
  return name;
}

}  // namespace gk::accounts
