// safety_profile.h: how long a macro may run and how much it may cost, and where that comes from.
//
// A profile is resolved field by field: what an admin set over the API (custom) wins over an
// override file, which wins over the built-in profile of that macro id, which wins over the
// defaults for an unknown id. Reading the files is override_file.h; acting on a profile is
// macro_watch.h. Design: docs/macros.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "macros/rules/pattern.h"

namespace gk::macros {

/// How closely a macro is watched: safe is relaxed, risky standard, dangerous strict. A higher
/// value is stricter.
enum class SafetyLevel : std::uint8_t { safe, risky, dangerous };

/// "safe", "risky" or "dangerous".
std::string_view level_name(SafetyLevel level);
std::optional<SafetyLevel> parse_level(std::string_view text);

/// Limits of the five performance triggers.
/// Source: macros specification, types and defaults.
struct PerformanceThresholds {
  double cpu_usage_max = 80;        ///< %: own demand of one core, or machine. [1, 100]
  double memory_usage_max = 85;     ///< % of the machine's memory. [1, 100]
  double fps_min = 15;              ///< 1/s. [0, 1000]
  double latency_max = 500;         ///< ms. [1, 60 000]
  double response_time_max = 1000;  ///< ms. [1, 600 000]

  friend bool operator==(const PerformanceThresholds&, const PerformanceThresholds&) = default;
};

/// The row of a level, which a profile without own thresholds takes.
/// Source: macros specification, types and defaults.
PerformanceThresholds level_thresholds(SafetyLevel level);

/// The strongest source that a profile's fields come from.
enum class ProfileSource : std::uint8_t { fallback, builtin, override_file, custom };

/// "default", "builtin", "override" or "custom".
std::string_view source_name(ProfileSource source);

/// What one macro may do.
/// Thread: compatible (a value).
struct MacroSafetyProfile {
  std::string macro_id;
  std::string name;
  std::string category;
  SafetyLevel safety_level = SafetyLevel::risky;
  double max_duration_s = 300;  ///< [1, 86 400]
  PerformanceThresholds thresholds;
  bool auto_cancel_enabled = true;  ///< False: watch, warn and record, never act.
  bool discord_notify = true;
  std::string description;
  PatternRules patterns = default_patterns();
  ProfileSource source = ProfileSource::fallback;

  friend bool operator==(const MacroSafetyProfile&, const MacroSafetyProfile&) = default;
};

/// The fields of a profile that somebody set; the others fall through to the next source.
/// Thread: compatible (a value).
struct ProfilePatch {
  std::optional<std::string> name, category, description;
  std::optional<SafetyLevel> safety_level;
  std::optional<double> max_duration_s;
  std::optional<double> cpu_usage_max, memory_usage_max, fps_min, latency_max, response_time_max;
  std::optional<bool> auto_cancel_enabled, discord_notify;
  std::optional<std::vector<PatternRule>> patterns;  ///< Each replaces the rule of its matcher.

  bool empty() const { return *this == ProfilePatch{}; }
  friend bool operator==(const ProfilePatch&, const ProfilePatch&) = default;
};

/// heal, buff, attack, craft, travel, dance.
/// Source: macros specification, types and defaults.
const std::vector<MacroSafetyProfile>& builtin_profiles();

/// The profile that holds for `macro_id`. Null pointers: that source has nothing.
MacroSafetyProfile resolve_profile(std::string_view macro_id, const ProfilePatch* custom,
                                   const ProfilePatch* override_file);

/// `profile` run at `level`: the stricter of its own limits and the level's row when the level is
/// stricter than its own; the level's row when it is weaker.
MacroSafetyProfile with_level(MacroSafetyProfile profile, SafetyLevel level);

/// True for [a-z0-9_-]{1,64}: fit as a file name, a label and a path segment.
bool valid_macro_id(std::string_view id);

/// A complaint about one member: path ("dance.max_duration") and what was expected.
using Complaints = std::vector<std::pair<std::string, std::string>>;

/// Reads the JSON form of a patch (`{name, category, safety_level, max_duration, thresholds:{…},
/// auto_cancel_enabled, discord_notify, description, patterns:[{matcher, count, window, action}]}`,
/// window in seconds), all members optional; a pattern's missing members are the default's. Adds to
/// `complaints` every member that is unknown, mistyped or out of range.
ProfilePatch read_profile_patch(const JsonValue& object, const std::string& path,
                                Complaints& complaints);

}  // namespace gk::macros
