// macro_port.h: what sessions need of whoever runs macros. The server hands in an adapter over
// macros::MacroService, tests a fake.

#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/topic.h"
#include "gamekeeper/result.h"

namespace gk::sessions {

/// One macro that shall run.
struct MacroStart {
  std::string macro_id;
  std::string script;   ///< Macro of the library; empty: that named `base_id`, or none.
  std::string base_id;  ///< The id before it was numbered for a second session.
  std::string macro_name, profile, safety_level;  ///< Empty: the default.
  std::string game;                               ///< Empty: it sends no commands.
  std::string args_json;
  std::optional<std::string> session_id;
  std::string by;
  bool is_admin = false;  ///< May weaken a level.
  std::string role;       ///< Of the caller, for the lists of a game.
  bool any_game = false;  ///< games:write; or nobody asks: a schedule, a resume.
  std::string correlation_id = {};
};

/// A macro runs no more, whoever started it.
struct MacroEnded {
  std::string macro_id;
};

/// A macro was cancelled, by its limits or by an emergency stop.
struct MacroCancelled {
  std::string macro_id;
  std::optional<std::string> session_id;
  std::string reason;
};

/// Thread: loop.
class MacroPort {
 public:
  virtual ~MacroPort() = default;
  /// `done` gets the JSON of the active macro, maybe before this returns.
  /// Errors: those of macros::MacroService::start(); already_exists: that id runs.
  virtual void start(MacroStart start, std::function<void(Result<std::string>)> done) = 0;
  /// `by` is for its log: "was stopped by …". Errors: not_found.
  virtual Result<void> stop(std::string_view macro_id, const std::string& by,
                            std::function<void(bool gone)> done) = 0;
  /// Errors: not_found, failed_precondition (not running, or it cannot be stopped).
  virtual Result<void> pause(std::string_view macro_id, const std::string& reason) = 0;
  virtual Result<void> resume(std::string_view macro_id) = 0;
  /// Returns how many macros were told to end. Needs no store.
  virtual std::size_t stop_all(const std::string& reason) = 0;

  virtual Topic<MacroEnded>& ended() = 0;
  virtual Topic<MacroCancelled>& cancelled() = 0;
};

}  // namespace gk::sessions
