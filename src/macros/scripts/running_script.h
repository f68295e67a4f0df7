// running_script.h: one run of a macro, as the runner drives it. Inside the room only.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "games/port.h"
#include "macros/scripts/rules/condition.h"
#include "sys/spawn.h"

namespace gk::macros {

/// What a run may do to the world. Given by the runner, which refuses everything after a fence.
struct ScriptHands {
  std::function<void(std::string command, bool chat, Nanos timeout, games::Port::Replied done)>
      send;
  /// The text, to the players, in the words of the game.
  std::function<void(std::string_view text, Nanos timeout, games::Port::Replied done)> say;
  std::function<void(std::string_view text)> log;
  std::function<void(std::string text)> notify;
  std::function<const std::string*(std::string_view key)> recall;  ///< JSON, or null.
  std::function<Result<void>(const std::string& key, std::string json)> remember;
  SignalView signals;
  /// It did something wrong, which is noted and counts for the rules on behaviour.
  std::function<void(std::string_view why)> failed;
  /// It has ended by itself. May be called from within any call of the run, once.
  std::function<void(bool ok, std::string reason)> ended;
};

/// Thread: loop.
class RunningScript {
 public:
  virtual ~RunningScript() = default;
  virtual void run() = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  /// Nothing more is done for it. Needs no memory.
  virtual void fence() = 0;
  /// Asks it to end.
  virtual void interrupt() = 0;
  /// A line that its game said.
  virtual void line(std::string_view text) = 0;
  /// Its process is gone: takes what it still had printed.
  virtual void drain() {}
};

/// What a script is told of the world; what is not known is absent.
JsonValue known_metrics(const ScriptHands& hands);

}  // namespace gk::macros
