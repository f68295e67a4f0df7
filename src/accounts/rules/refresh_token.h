// refresh_token.h: opaque tokens that are exchanged, each once, for the next one.
//
// A token names its family (one log-in of one client) and one generation of it. Of a family only
// the digests of the newest two generations are kept: a token of the family that is neither was
// used before, whenever that was. Only who has held a token of the family can name it, so nobody
// else can end it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/rules/digest.h"
#include "accounts/rules/subkey.h"
#include "base/random.h"
#include "gamekeeper/time.h"

namespace gk::accounts {

/// Two requests of one client that race both get the successor. Source: platform specification.
inline constexpr Micros kRefreshGrace{Seconds(10)};

/// The first token of a new family: "gk_rt_", 32 hex digits of the family, "_", 64 of the token.
std::string new_refresh_token(Random& random);

/// True when `text` has the form of a refresh token.
bool is_refresh_token(std::string_view text);

/// What is stored and looked up instead of the family.  Requires: is_refresh_token().
Digest refresh_family_digest(std::string_view token);
/// What is stored and compared instead of the token.
Digest refresh_token_digest(std::string_view token);

/// The token that follows `token`: the same each time, so that a repeated request gets the same
/// answer although only digests are kept. Nobody without `key` can compute it.
/// Requires: is_refresh_token().
std::string refresh_successor(const SecretKey& key, std::string_view token);

/// What is stored of a family.
struct RefreshState {
  Digest current{};
  Digest previous{};      ///< Zeros before the first rotation.
  WallTime rotated_at{};  ///< When `current` followed `previous`.
};

enum class RefreshVerdict : std::uint8_t {
  rotate,  ///< The newest: it is used up, its successor becomes the newest.
  repeat,  ///< Used within the grace: the same successor again.
  reused,  ///< Used before: the family was stolen, by this caller or from them.
};

/// Judges a token of the family, by its digest.
RefreshVerdict judge_refresh(const RefreshState& state, const Digest& token, WallTime now);

/// `state` after `token` was used: the digest of its successor is the newest.
RefreshState rotated(const RefreshState& state, const Digest& successor, WallTime now);

}  // namespace gk::accounts
