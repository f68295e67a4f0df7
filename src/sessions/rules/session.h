// session.h: a session, what it may do next, and its JSON. Time is an argument.
//
// created → running ⇄ paused → stopped; a daemon that ends leaves running and paused ones as
// interrupted. A stopped or interrupted session may start again.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::sessions {

enum class SessionState : std::uint8_t { created, running, paused, stopped, interrupted };
/// "created", "running", "paused", "stopped" or "interrupted".
std::string_view state_name(SessionState state);

/// What somebody wants of a session.
enum class SessionStep : std::uint8_t { start, pause, stop, remove };

/// The state after `step`; nothing for a session that is there already.
/// Errors: failed_precondition (says the state and what is possible in it).
Result<SessionState> next_state(SessionState state, SessionStep step);

struct SessionStats {
  std::uint64_t macros_started = 0;
  std::uint64_t macros_refused = 0;    ///< Of a mode; its macro could not start.
  std::uint64_t macros_cancelled = 0;  ///< By the safety rules or an emergency stop.
  std::uint64_t commands = 0;          ///< That named the session.
};

/// Thread: compatible (a value).
struct Session {
  std::string id;  ///< UUIDv7.
  std::string character_name;
  std::string game;  ///< Link that its macros use; empty: none.
  std::string mode;  ///< Executed at the start; empty: none.
  SessionState state = SessionState::created;
  std::string reason;  ///< Of the state; empty: somebody wanted it.
  WallTime created{};
  std::optional<WallTime> started;  ///< The last start.
  std::optional<WallTime> ended;    ///< Stopped or interrupted.
  WallTime updated{};               ///< When it was last stored.
  Nanos ran{0};                     ///< In the state running, before `running_since`.
  MonoTime running_since{};         ///< While running.
  SessionStats stats;

  bool is_live() const { return state == SessionState::running || state == SessionState::paused; }
};

/// Moves the session to `state` at this moment and keeps its books.
void enter_state(Session& session, SessionState state, std::string reason, MonoTime now,
                 WallTime wall);

/// The resource of the API, which is also what is stored.
std::string session_json(const Session& session, MonoTime now);
/// Reads session_json() back. What ran or was paused is interrupted: its macros ended with the
/// daemon that wrote it, after `updated` and nobody knows when, so that is taken for its end.
/// Errors: data_loss (not such a text).
Result<Session> read_session(std::string_view json);

}  // namespace gk::sessions
