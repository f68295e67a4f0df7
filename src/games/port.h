// port.h: what macros, sessions and consoles need of the game links. GameService implements it;
// tests use a fake. So whoever sends a command never holds a socket, and pacing, cancelling and
// fencing are enforced in one place.
//
// Design: docs/games.md.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/topic.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::games {

/// One command for one game.
struct SendRequest {
  std::string game;            ///< Name of the link.
  std::string command;         ///< One line, without its end.
  std::string sender;          ///< Who is fenced and paced: "macro:ID", "user:NAME", "gamekeeper".
  std::string actor;           ///< Whose priority counts on the lane: an arbiter module.
  Nanos timeout{Seconds(30)};  ///< Waiting for the lane and for the reply. [1 ms, 10 min]
  bool confirmed = false;  ///< The caller has confirmed a command that the game lists as dangerous.
  std::string correlation_id;  ///< Of the request that it belongs to; for the log.
};

struct SendReply {
  std::string text;  ///< Lines joined by "\n"; at most the link's output limit.
  bool truncated = false;
  Nanos waited{0};    ///< For the lane.
  Nanos response{0};  ///< Written to complete reply.
};

/// Something a game said by itself, or a reply to somebody else.
struct GameLine {
  std::string game;
  std::string text;  ///< One line; valid UTF-8, control characters removed.
};

/// A command that was written, or refused; for patterns, logs and figures.
struct CommandSeen {
  std::string game;
  std::string sender;
  std::string command;
  bool chat = false;  ///< The protocol's words for talking to players.
  bool ok = false;    ///< Written and answered.
};

struct GameHealth {
  std::string state;   ///< stopped, connecting, authenticating, ready, waiting, failed
  std::string reason;  ///< Empty when ready.
  std::optional<double> tick_ratio, latency_ms, response_time_ms;
};

/// Thread: loop.
class Port {
 public:
  using Replied = std::function<void(Result<SendReply>)>;

  virtual ~Port() = default;
  /// Queues a command on the game's lane. `done` comes once on the loop, maybe before this returns.
  /// Errors to it: not_found (game), invalid_argument (a byte that the protocol cannot carry, too
  ///   long), permission_denied (not on the game's allow-list), failed_precondition (dangerous and
  ///   not confirmed, or the link is not ready), cancelled (the sender is fenced),
  ///   resource_exhausted (queue full), deadline_exceeded, unavailable (the link was lost; whether
  ///   it was carried out is unknown, and the message says so).
  virtual void send(SendRequest request, Replied done) = 0;
  /// From the return on nothing more is written for `sender`; what waits ends with `cancelled`.
  /// Needs no memory and no store. Returns how many commands were dropped.
  virtual std::size_t fence(std::string_view sender) = 0;
  /// Lets a sender of that name act again: a new start.
  virtual void lift_fence(std::string_view sender) = 0;
  /// At most one command of `sender` in `interval`; zero: the game's own pace alone.
  virtual void set_pace(std::string_view sender, Nanos interval) = 0;
  /// Null: no such game.
  virtual std::optional<GameHealth> health(std::string_view game) const = 0;
  /// The command by which the game talks to all its players, with {text} in it, once.
  /// Errors: not_found (game).
  virtual Result<std::string> say_words(std::string_view game) const = 0;
  virtual std::vector<std::string> names() const = 0;
  virtual Topic<GameLine>& lines() = 0;
  virtual Topic<CommandSeen>& commands() = 0;
};

}  // namespace gk::games
