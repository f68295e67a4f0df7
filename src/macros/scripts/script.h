// script.h: one macro of the library, as it is kept.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::macros {

enum class ScriptKind : std::uint8_t { steps, lua };

/// What a person decides about a macro besides its text.
struct ScriptSettings {
  bool enabled = true;
  bool resume = false;        ///< Starts again after a restart of the daemon that ended it.
  std::string game;           ///< Empty: the one that its text names.
  std::string args_json;      ///< An object; empty: {}. Used when a start brings none.
  std::string profile;        ///< Whose limits hold; empty: those of its name.
  std::string schedule_json;  ///< rules/schedule.h; empty: none.
  friend bool operator==(const ScriptSettings&, const ScriptSettings&) = default;
};

struct Script {
  std::string name;  ///< [a-z0-9_-]{1,64}; also the macro id of its runs.
  ScriptKind kind = ScriptKind::steps;
  std::int64_t version = 1;  ///< Counts the texts, from 1.
  std::string source;
  ScriptSettings settings;
  WallTime created_at{}, changed_at{};
  std::string created_by, changed_by;
};

/// A text that was replaced or is the present one.
struct ScriptVersion {
  std::int64_t version = 0;
  WallTime saved_at{};
  std::string saved_by;
  std::size_t bytes = 0;
};

/// Source of all: specification of the library.
struct ScriptLimits {
  static constexpr std::size_t kMaxSourceBytes = 256 * 1024;
  static constexpr std::size_t kMaxScripts = 500;
  static constexpr std::int64_t kMaxVersions = 20;          ///< A script; the oldest goes.
  static constexpr std::size_t kMaxStateBytes = 64 * 1024;  ///< A macro: keys and values.
  static constexpr std::size_t kMaxStateKeys = 256;         ///< A macro.
  static constexpr std::size_t kMaxStateKeyBytes = 128;     ///< Chosen.
  static constexpr std::size_t kMaxArgsBytes = 16 * 1024;   ///< As of macro-safety/start.
};

constexpr std::string_view kind_name(ScriptKind kind) {
  return kind == ScriptKind::lua ? "lua" : "steps";
}
std::optional<ScriptKind> parse_kind(std::string_view text);

/// The settings as an object, and back. Errors: invalid_argument, with every complaint.
void write_settings(JsonWriter& w, const ScriptSettings& settings);
/// Members that are absent keep what `base` has. Adds to the complaints of `reader`.
ScriptSettings read_settings(JsonReader& reader, ScriptSettings base);
/// Complains of a schedule in a time zone that this system does not have: it would never start
/// anything. Not part of reading, so that what is stored outlives a lost table of zones. Blocks.
void check_zone(JsonReader& reader, const ScriptSettings& settings);

}  // namespace gk::macros
