// step_check.h: how good a macro is before it runs, at three levels, and the head of a Lua macro.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "macros/scripts/rules/step_program.h"

namespace gk::macros {

/// Each level holds those before it to be true.
enum class CheckLevel : std::uint8_t {
  basic,    ///< It has a name and actions, and every member is well-formed.
  strict,   ///< At most 5 loops, and at most 5 min of pauses in one run.
  complete  ///< No dangerous command, and at most 100 actions.
};
std::optional<CheckLevel> parse_check_level(std::string_view text);

/// What a check found. What a higher level would refuse is a warning.
struct CheckReport {
  bool valid = true;
  Complaints errors, warnings;
  std::size_t action_count = 0;
  std::optional<Nanos> estimated_duration;  ///< Pauses and delays; of Lua unknown.
};
std::string check_report_json(const CheckReport& report);

CheckReport check_steps(std::string_view json, CheckLevel level);

/// The comment lines at the top of a Lua macro: `-- name: value`.
struct LuaHead {
  std::string name, description, version, author, category, game;
  std::vector<std::string> tags;
  std::vector<std::string> on_cancel;  ///< One command a line.
  std::optional<bool> needs_game;      ///< `needs: game` or `needs: nothing`.
};
/// Unknown names are remarks, not errors.
/// Complains about: a NUL or the mark of a compiled chunk, a value that is too long.
LuaHead read_lua_head(std::string_view source, Complaints& complaints);

/// Whether a Lua macro cannot do without a game: as its head says, else by its text.
bool lua_needs_game(const LuaHead& head, std::string_view source);

/// What can be said of Lua without a Lua: its head, and the words in it that are no part of the
/// sandbox. Its grammar is checked by the worker.
CheckReport check_lua_text(std::string_view source, CheckLevel level);

/// The word that makes `command` dangerous ("shutdown"), or nothing.
std::optional<std::string> dangerous_word(std::string_view command);

}  // namespace gk::macros
