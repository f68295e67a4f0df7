// api_token_table.h: all API tokens in memory, as the database has them, so that a request never
// waits for it. Keys are digests, as in session_table.h.

#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "accounts/records.h"
#include "api/principal.h"
#include "gamekeeper/result.h"

namespace gk::accounts {

/// Thread: loop.
/// Bounds: the caller keeps size() and count_of() under its limits.
class ApiTokenTable {
 public:
  /// Null: the token may do nothing now (its owner is disabled).
  using Holder = std::shared_ptr<const api::Principal>;  // shared: calls in progress hold it

  /// The holder of this token, whose last use is now.
  /// Errors: unauthenticated (no such token, or a disabled owner), deadline_exceeded (expired).
  /// Cost: O(1), no allocation.
  Result<Holder> use(const Digest& token, WallTime now);

  void add(ApiTokenRecord record, Holder holder);
  /// Removes the tokens that `ends` picks, and returns them. Cost: O(n).
  std::vector<ApiTokenRecord> remove_if(const std::function<bool(const ApiTokenRecord&)>& ends);
  /// Gives each token of `user_id` the holder that `make` returns for it, and returns the ids with
  /// the new holders. Cost: O(n).
  std::vector<std::pair<std::string, Holder>> renew_holders(
      const std::string& user_id, const std::function<Holder(const ApiTokenRecord&)>& make);
  /// Tokens whose time ran out since the last call. They stay, refused, until they are removed.
  std::vector<ApiTokenRecord> newly_expired(WallTime now);
  /// The last uses that the database should learn of now; they count as told.
  std::vector<std::pair<std::string, WallTime>> due_used(Micros every);

  /// Null when there is none. Valid until the next call. Cost: O(n).
  const ApiTokenRecord* find(const std::string& id) const;
  /// Of one user, newest first.
  std::vector<ApiTokenRecord> of_user(const std::string& user_id) const;
  std::size_t size() const { return live_.size(); }

 private:
  struct Live {
    ApiTokenRecord record;
    Holder holder;
    std::optional<WallTime> persisted;  // last_used_at as the database has it.
    bool told_expired = false;
  };
  struct Hash {
    std::size_t operator()(const Digest& digest) const {
      std::size_t out = 0;
      std::memcpy(&out, digest.data(), sizeof out);  // a digest is evenly spread already
      return out;
    }
  };
  struct Same {
    bool operator()(const Digest& a, const Digest& b) const { return same_digest(a, b); }
  };

  boost::unordered_flat_map<Digest, Live, Hash, Same> live_;
};

}  // namespace gk::accounts
