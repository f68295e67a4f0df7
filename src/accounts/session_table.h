// session_table.h: the live sessions in memory: all of them, so that a request never waits for the
// database to know who asks.
//
// Keys are digests of tokens: a memory dump holds no token, and whoever guesses cannot choose which
// digests are compared.

#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "accounts/records.h"
#include "accounts/rows.h"
#include "api/principal.h"

namespace gk::accounts {

struct SessionTableLimits {
  /// The one that was used least recently ends. All are read at start, at 1.7 us each: 7 ms.
  /// [1, 100'000]. Source: bench/accounts, 2026-11.
  std::size_t max_sessions = 4'096;
  std::size_t max_per_user = 32;  ///< Likewise, of that user. [1, 1'000]
};

/// A session that has left the table.
struct EndedSession {
  std::string id;
  std::string user_id;
};

/// Thread: loop.
class SessionTable {
 public:
  /// One live session and who holds it.
  struct Live {
    SessionRecord record;
    std::shared_ptr<const api::Principal> principal;  // shared: calls in progress hold it
    WallTime persisted;                               ///< last_seen as the database has it.
  };

  SessionTable(SessionTableLimits table, SessionLimitsByKind limits);

  /// The holder of the live session with this token, whose last use is now; null when there is
  /// none. An ended session stays until sweep().
  /// Cost: O(1), no allocation.
  std::shared_ptr<const api::Principal> use(const Digest& token, MonoTime now, WallTime wall);
  /// Likewise by public id, for a caller who has shown that it is theirs (a signed token).
  std::shared_ptr<const api::Principal> use_id(const std::string& id, SessionKind kind,
                                               MonoTime now, WallTime wall);

  /// Adds a session; returns those that had to make room. Cost: O(1); O(n) at a limit.
  std::vector<EndedSession> add(SessionRecord record,
                                std::shared_ptr<const api::Principal> principal);
  /// Removes the sessions that `ends` picks. Cost: O(n).
  std::vector<EndedSession> remove_if(const std::function<bool(const SessionRecord&)>& ends);
  /// Removes what has idled out or expired. Cost: O(n).
  std::vector<EndedSession> sweep(MonoTime now, WallTime wall);
  /// The last uses that the database should learn of now; they count as told.
  std::vector<SeenAt> due_seen();

  /// Gives each session of `user_id` the principal that `make` returns for its id and kind, and
  /// returns the ids. Cost: O(n).
  std::vector<std::string> renew_principals(
      const std::string& user_id,
      const std::function<std::shared_ptr<const api::Principal>(const SessionRecord&)>& make);

  /// By public id; null when there is none. Valid until the next call. Cost: O(1).
  const SessionRecord* find(const std::string& id) const;
  /// Of one user, newest first.
  std::vector<SessionRecord> of_user(std::string_view user_id) const;
  std::size_t size() const { return live_.size(); }

 private:
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
  std::shared_ptr<const api::Principal> use(Live& live, MonoTime now, WallTime wall) const;
  std::vector<EndedSession> make_room(const std::string& user_id);

  SessionTableLimits table_;
  SessionLimitsByKind limits_;
  boost::unordered_flat_map<Digest, std::unique_ptr<Live>, Hash, Same> live_;
  boost::unordered_flat_map<std::string, Live*> by_id_;           // Into live_.
  boost::unordered_flat_map<std::string, std::size_t> per_user_;  // Sessions of each user.
};

}  // namespace gk::accounts
