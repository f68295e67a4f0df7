// access_tokens.h: issues access tokens and remembers which ones it has verified: an Ed25519 check
// costs far more than a digest and a lookup (bench/accounts_bench).
//
// Remembered is only that the text is genuine. Whether its session still lives, and what its holder
// may do now, the caller asks with each use.

#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "accounts/rules/access_token.h"
#include "accounts/rules/digest.h"
#include "api/principal.h"
#include "base/lru_cache.h"
#include "base/random.h"
#include "gamekeeper/time.h"

namespace gk::accounts {

/// Thread: loop.
class AccessTokens {
 public:
  /// A genuine token.
  struct Verified {
    AccessClaims claims;
    /// What claims and session make together, and the session's holder that it was made of.
    std::shared_ptr<const api::Principal> holder;   // shared: calls in progress hold it
    std::shared_ptr<const api::Principal> made_of;  // shared: with the session table
  };

  AccessTokens(const SecretKey& master, std::size_t max_cached, CacheMeters meters);

  /// A new token for the session of `holder`.
  std::string issue(const api::Principal& holder, std::string token_id, WallTime now) const;

  /// Errors: as AccessTokenKey::verify(). The pointer is valid until the next call.
  /// Cost: a digest and a lookup for a text that was verified before.
  Result<Verified*> verify(std::string_view token, WallTime now);

  /// Forgets the tokens of a session that has ended, long before they expire.
  void forget_session(std::string_view session_id) { cache_.invalidate(session_id); }

  std::size_t cached() const { return cache_.size(); }
  std::uint64_t checks() const { return checks_; }  ///< Signatures computed so far.

 private:
  struct Hash {
    std::size_t operator()(const Digest& digest) const {
      std::size_t out = 0;
      std::memcpy(&out, digest.data(), sizeof out);
      return out;
    }
  };

  AccessTokenKey key_;
  std::uint64_t checks_ = 0;
  LruCache<Digest, Verified, Hash, WallTime> cache_;  // Tagged with their sessions.
};

}  // namespace gk::accounts
