#include "accounts/rules/refresh_token.h"

#include <algorithm>

namespace gk::accounts {
namespace {

constexpr std::string_view kPrefix = "gk_rt_";  // Source: chosen, beside gk_pat_
constexpr std::size_t kFamilyDigits = 32;       // Source: chosen, 128 bit
constexpr std::size_t kTokenDigits = 64;  // Source: platform specification, 256 bit as cookies
constexpr std::size_t kFamilyEnd = 6 + kFamilyDigits;           // Source: derived from the above
constexpr std::size_t kLength = kFamilyEnd + 1 + kTokenDigits;  // Source: derived from the above

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string_view family_of(std::string_view token) {
  return token.substr(kPrefix.size(), kFamilyDigits);
}

std::string make(std::string_view family, std::string_view token) {
  std::string out(kPrefix);
  out += family;
  out += '_';
  return out += token;
}

}  // namespace

std::string new_refresh_token(Random& random) {
  const std::string family = random_hex(random, kFamilyDigits / 2);
  return make(family, random_hex(random, kTokenDigits / 2));
}

bool is_refresh_token(std::string_view text) {
  return text.size() == kLength && text.starts_with(kPrefix) && text[kFamilyEnd] == '_' &&
         is_hex(family_of(text)) && is_hex(text.substr(kFamilyEnd + 1));
}

Digest refresh_family_digest(std::string_view token) {
  return digest_of("refresh-family", family_of(token));
}

Digest refresh_token_digest(std::string_view token) { return digest_of("refresh", token); }

std::string refresh_successor(const SecretKey& key, std::string_view token) {
  return make(family_of(token), to_hex(subkey(key, token)));
}

RefreshVerdict judge_refresh(const RefreshState& state, const Digest& token, WallTime now) {
  if (same_digest(token, state.current)) return RefreshVerdict::rotate;
  const bool ever_rotated = state.rotated_at != WallTime{};
  if (!ever_rotated || !same_digest(token, state.previous)) return RefreshVerdict::reused;
  // A clock that was set back a little must not turn a race into a theft.
  const Micros age = now - state.rotated_at;
  return age < kRefreshGrace && age > -kRefreshGrace ? RefreshVerdict::repeat
                                                     : RefreshVerdict::reused;
}

RefreshState rotated(const RefreshState& state, const Digest& successor, WallTime now) {
  return {.current = successor, .previous = state.current, .rotated_at = now};
}

}  // namespace gk::accounts
