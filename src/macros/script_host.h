// script_host.h: what the macro service needs of whoever runs macros from the library: Lua in a
// worker process, or a list of steps inside the daemon. The service decides and ends; the host
// runs. macros/scripts implements it; tests use a fake.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/topic.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "sys/spawn.h"

namespace gk::macros {

/// A macro of the library that shall run.
struct ScriptLaunch {
  std::string macro_id;
  std::string script;          ///< Name in the library; empty: a program, see open().
  std::string game;            ///< Where its commands go; empty: it sends none.
  std::string args_json;       ///< An object; empty: {}.
  std::string correlation_id;  ///< Of the request that starts it; empty: nobody's.
};

/// What a program that speaks JSON lines gets as its standard input and output.
struct ProgramEnds {
  sys::Fd input, output;
};

/// A script ended by itself.
struct ScriptEnded {
  std::string macro_id;
  bool ok = true;
  std::string reason;  ///< An error with script name and line.
};

/// What a script did, for rules on behaviour.
struct ScriptActivity {
  enum class Kind : std::uint8_t { command, chat, error };
  std::string macro_id;
  Kind kind = Kind::command;
  std::string text;
};

/// Thread: loop.
class ScriptHost {
 public:
  /// Its worker, or nothing for a list of steps, which has no process.
  using Started = std::function<void(Result<std::optional<sys::Spawned>>)>;

  virtual ~ScriptHost() = default;
  /// The game that the script names for itself; empty: none, or no such script.
  virtual std::string game_of(std::string_view script) const = 0;
  /// `started` comes once, when the script may run and has not begun; run() begins it.
  /// Errors: not_found (script, game), failed_precondition (disabled, not valid), unavailable.
  virtual void start(const ScriptLaunch& launch, Started started) = 0;
  /// A program that the service starts shall have the hands of a script: the same lanes, memory,
  /// metrics and limits. From here to gone() it is a run as any other; run() begins to serve it.
  /// `printed` gets what it prints besides requests.
  /// Errors: already_exists, not_found (game), resource_exhausted (descriptors).
  using Printed = std::function<void(std::string_view text)>;
  virtual Result<ProgramEnds> open(const ScriptLaunch& launch, Printed printed) = 0;
  /// The process of such a program is gone: takes what it still had printed.
  virtual void drain(std::string_view macro_id) = 0;
  virtual void run(std::string_view macro_id) = 0;
  /// The decision to end it: from the return on nothing is written for it. No memory, no store.
  virtual void fence(std::string_view macro_id) = 0;
  /// Asks it to end by itself (a signal inside the VM). The service kills the process afterwards.
  virtual void interrupt(std::string_view macro_id) = 0;
  virtual void pause(std::string_view macro_id) = 0;
  virtual void resume(std::string_view macro_id) = 0;
  /// At most one command in `interval`; zero: no limit of ours.
  virtual void set_pace(std::string_view macro_id, Nanos interval) = 0;
  /// It is gone (its process is reaped). `cancelled`: runs its on_cancel steps, with their own
  /// deadline. `why` is for its log, "was stopped by ada"; empty: it ended by itself. The id may be
  /// started again afterwards.
  virtual void gone(std::string_view macro_id, bool cancelled, std::string_view why) = 0;

  virtual Topic<ScriptEnded>& ended() = 0;
  virtual Topic<ScriptActivity>& activity() = 0;
};

}  // namespace gk::macros
