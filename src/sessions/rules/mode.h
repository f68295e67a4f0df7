// mode.h: a mode: a named set of macros with settings. Reading it from JSON, and what each of its
// macros gets as arguments.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "gamekeeper/result.h"

namespace gk::sessions {

inline constexpr std::size_t kMaxModeMacros = 32;  // Source: chosen; 256 macros run at most

/// One macro of a mode. Empty: the session's, the profile's or the default.
struct ModeMacro {
  std::string macro_id;
  std::string macro_name, script, profile, safety_level, game;
  JsonValue args;  ///< An object, or null.
};

/// Thread: compatible (a value).
struct Mode {
  std::string name;
  std::string description;
  std::vector<ModeMacro> macros;  ///< [1, kMaxModeMacros], each macro_id once.
  JsonValue settings;             ///< An object, or null: arguments of all its macros.
};

struct ModeReading {
  Mode mode;
  std::vector<std::pair<std::string, std::string>> complaints;  ///< Empty: the mode is valid.
};

/// Reads {description?, macros[{macro_id, …}], settings?}. `name` must be a name.
ModeReading read_mode(std::string name, const JsonValue& body);

/// The resource of the API, which is also what is stored.
std::string mode_json(const Mode& mode);

/// The arguments of `macro` in `mode`: the settings, over which the macro's own args win.
/// "{}" when there are none.
std::string macro_args(const Mode& mode, const ModeMacro& macro);

}  // namespace gk::sessions
