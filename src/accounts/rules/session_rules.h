// session_rules.h: when a browser session ends, on two clocks.
//
// The monotonic clock cannot be set back to prolong a session; the wall clock also counts the time
// that a machine slept. A session has ended as soon as either clock says so, so a clock that jumps
// can only end sessions early.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accounts/rules/digest.h"
#include "base/random.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::accounts {

/// Source of idle and absolute: platform specification, accounts. The third is chosen: after a
/// crash a session is at most this much closer to its idle end than it should be.
struct SessionLimits {
  Nanos idle{std::chrono::minutes(30)};          ///< Without a request. [1 min, 12 h]
  Nanos absolute{std::chrono::hours(12)};        ///< From log-in. [1 min, 30 d]
  Nanos persist_every{std::chrono::minutes(1)};  ///< Between two writes of last_seen.
};

/// When a session began and was last used, on both clocks.
struct SessionTimes {
  MonoTime created;
  MonoTime seen;
  WallTime created_wall;
  WallTime seen_wall;
};

enum class SessionState : std::uint8_t { live, idle, expired };

/// Ends are exclusive: at exactly `idle` or `absolute` the session is over.
SessionState session_state(const SessionTimes& times, MonoTime now, WallTime wall,
                           const SessionLimits& limits);

/// The times of a session that was read back from disk, where only wall times are kept. A time in
/// the future (the clock was set back) counts as now.
SessionTimes restored_times(WallTime created, WallTime seen, MonoTime now, WallTime wall);

/// The text that a browser holds: 256 random bits as 64 hex digits. Only its digest is stored.
std::string new_session_token(Random& random);

/// True when `text` has the form of a session token: cheap refusal before any hashing.
bool is_session_token(std::string_view text);

/// What is stored and looked up instead of the token.
Digest session_token_digest(std::string_view token);

}  // namespace gk::accounts
