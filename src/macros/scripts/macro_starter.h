// macro_starter.h: what starts and stops macros for this room: the macro service, which watches
// them. src/server connects the two; tests use a fake.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "macros/rules/safety_level.h"

namespace gk::macros {

/// A macro of the library that shall be started and watched.
struct ScriptStart {
  std::string macro_id;
  std::string script;
  std::string game;       ///< Empty: the script's.
  std::string args_json;  ///< Empty: the script's.
  std::string profile;    ///< Empty: that of the macro id.
  std::optional<SafetyLevel> safety_level;  ///< Nothing: the profile's.
  std::string by;
  bool is_admin = false;
  std::string role;       ///< Of the caller, for the lists of a game.
  bool any_game = false;  ///< games:write; or nobody asks: a schedule, a resume.
};

/// Thread: loop.
class MacroStarter {
 public:
  using Started = std::function<void(Result<std::string>)>;

  virtual ~MacroStarter() = default;
  /// `done` gets the JSON of the active macro. Errors: as MacroService::start().
  virtual void start(ScriptStart start, Started done) = 0;
  /// Errors: not_found.
  virtual Result<void> stop(std::string_view macro_id) = 0;
};

}  // namespace gk::macros
