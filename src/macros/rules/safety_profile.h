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
#include <utility>
#include <vector>

#include "base/json.h"
#include "macros/rules/pattern.h"
#include "macros/rules/profile_window.h"
#include "macros/rules/safety_level.h"

namespace gk::macros {

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
  bool dry_run = false;  ///< Decide and record what would be done; never act.
  std::string description;
  std::vector<ProfileWindow> windows;  ///< At most kMaxProfileWindows; the first open one holds.
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
  std::optional<bool> auto_cancel_enabled, discord_notify, dry_run;
  std::optional<std::vector<ProfileWindow>> windows;  ///< All of them.
  std::optional<std::vector<PatternRule>> patterns;   ///< Each replaces the rule of its matcher.

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

/// `profile` while `window` is open. A level of the window takes the stricter of the profile's
/// limits and its row when it is stricter, and leaves the limits alone when it is weaker; then the
/// window's own limits hold.
MacroSafetyProfile with_window(MacroSafetyProfile profile, const ProfileWindow& window);

/// True when `window` lets more happen than `base` in any respect.
bool loosens(const ProfileWindow& window, const MacroSafetyProfile& base);

/// True for [a-z0-9_-]{1,64}: fit as a file name, a label and a path segment.
bool valid_macro_id(std::string_view id);

/// A complaint about one member: path ("dance.max_duration") and what was expected.
using Complaints = std::vector<std::pair<std::string, std::string>>;

/// Reads the JSON form of a patch (`{name, category, safety_level, max_duration, thresholds:{…},
/// auto_cancel_enabled, discord_notify, dry_run, description, patterns:[{matcher, count, window,
/// action}], windows:[…]}`, a pattern's window in seconds; profile_window.h has the other ones),
/// all members optional; a pattern's missing members are the default's. Adds to `complaints` every
/// member that is unknown, mistyped or out of range.
ProfilePatch read_profile_patch(const JsonValue& object, const std::string& path,
                                Complaints& complaints, const ZoneCheck& zone_exists = {});

}  // namespace gk::macros
