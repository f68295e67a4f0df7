// wire.h: how bytes get to a game server: TCP, UDP, a program's input and output, a world folder.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gamekeeper/result.h"
#include "games/rules/game_settings.h"
#include "net/loop.h"

namespace gk::games {

/// What every link is given. All references outlive it.
struct LinkEnvironment {
  net::Loop& loop;
  const Clock& clock;
  Random& random;
  std::string worker;               ///< Path of gamekeeper-worker, for programs.
  std::vector<std::string> hidden;  ///< What programs must not reach.
  bool allow_session = true;        ///< Programs may run where namespaces are refused.
};

/// Called on the loop, never from within a call of the owner. Each may destroy the wire.
struct WireHandlers {
  std::function<void()> on_open;
  std::function<void(std::string_view)> on_bytes;
  std::function<void(const Error&)> on_closed;  ///< Once.
};

/// Thread: loop.
class Wire {
 public:
  virtual ~Wire() = default;  ///< Closes at once, without on_closed.
  /// Errors: failed_precondition (not open), resource_exhausted (the other end does not read),
  ///         unavailable.
  virtual Result<void> write(std::string_view bytes) = 0;
};

/// Begins to open the wire of a game. What cannot be opened says so by on_closed.
std::unique_ptr<Wire> open_wire(const LinkEnvironment& environment, const GameSettings& game,
                                WireHandlers handlers);

// The kinds that have files of their own; used by open_wire().
std::unique_ptr<Wire> open_process_wire(const LinkEnvironment& environment,
                                        const GameSettings& game, WireHandlers handlers);
std::unique_ptr<Wire> open_world_wire(const LinkEnvironment& environment, const GameSettings& game,
                                      WireHandlers handlers);

}  // namespace gk::games
