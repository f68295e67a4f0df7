// command.h: what a command may be, and which scope it needs. Carrying it out is
// ../command_service.h.
//
// One table says it all: types, actions, fields, scopes. What it does not list is refused with a
// text that names what is allowed. Design: docs/sessions.md.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace gk::sessions {

enum class CommandKind : std::uint8_t {
  session_start,
  session_pause,
  session_stop,
  mode_execute,
  mode_stop,
  macro_start,
  macro_stop,
  config_reload,
  diagnostics_run,
  emergency_stop,
};

/// One row of the table.
struct CommandSpec {
  CommandKind kind;
  std::string_view type, action;
  std::string_view scope;                         ///< Needed besides commands:run.
  std::vector<std::string_view> fields;           ///< Besides type and action.
  std::vector<std::string_view> required_fields;  ///< Of `fields`.
};

std::span<const CommandSpec> command_specs();
const CommandSpec& spec_of(CommandKind kind);

/// A command that is well-formed. A field that its kind has not is empty.
/// Thread: compatible (a value).
struct Command {
  CommandKind kind = CommandKind::diagnostics_run;
  std::string session_id;
  std::string character_name;
  std::string game;
  std::string mode_name;
  std::string macro_id, macro_name, script, profile, safety_level;
  std::string args_json;  ///< An object; empty: none.
};

struct CommandReading {
  std::optional<Command> command;  ///< Absent: see complaints.
  std::vector<std::pair<std::string, std::string>> complaints;
};

/// Reads {type, action, …}. Every fault is a complaint that says what is allowed.
CommandReading read_command(const JsonValue& body);

/// True for 1 to 64 bytes of printable UTF-8 without blanks at either end.
bool is_character_name(std::string_view name);
/// True for `[a-z0-9_-]{1,64}`.
bool is_mode_name(std::string_view name);

/// What the two names are, for messages. Source: platform specification; 64 bytes chosen.
inline constexpr std::string_view kCharacterNameRule =
    "expected 1 to 64 bytes of printable text without blanks at either end";
inline constexpr std::string_view kNameRule = "expected 1 to 64 of a-z, 0-9, _ and -";
/// Longest `args` or `settings` as JSON.
inline constexpr std::size_t kMaxArgsBytes = 8 * 1024;  // Source: chosen; half of a macro's own

}  // namespace gk::sessions
