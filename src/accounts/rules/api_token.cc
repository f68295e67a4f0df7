#include "accounts/rules/api_token.h"

#include <algorithm>

#include "accounts/rules/roles.h"
#include "base/utf8.h"

namespace gk::accounts {
namespace {

constexpr std::string_view kPrefix = "gk_pat_";  // Source: platform specification, accounts
constexpr std::size_t kTokenBytes = 32;          // Source: chosen, as session tokens

}  // namespace

std::string new_api_token(Random& random) {
  return std::string(kPrefix) + random_hex(random, kTokenBytes);
}

bool is_api_token(std::string_view text) {
  if (text.size() != kPrefix.size() + kTokenBytes * 2 || !text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Digest api_token_digest(std::string_view token) { return digest_of("api-token", token); }

std::optional<std::string> token_name_fault(std::string_view name) {
  if (name.empty() || name.size() > kMaxTokenNameBytes) return "expected 1 to 100 bytes";
  if (!is_utf8(name)) return "expected UTF-8";
  const bool control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (control) return "expected no control characters";
  return std::nullopt;
}

std::vector<std::string> effective_scopes(std::span<const std::string> token,
                                          std::span<const std::string> owner) {
  if (holds(token, "*")) return {owner.begin(), owner.end()};
  std::vector<std::string> out;
  std::copy_if(token.begin(), token.end(), std::back_inserter(out),
               [owner](const std::string& scope) { return holds(owner, scope); });
  return out;
}

}  // namespace gk::accounts
