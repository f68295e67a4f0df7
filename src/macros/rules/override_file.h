// override_file.h: reads config/macro_safety/{profile}.safe.json and splits it into what may apply
// at once and what must wait for an admin.
//
// A file is a map macro_id → partial profile. A file alone may only tighten: shorter, stricter,
// auto-cancel on. What loosens waits until an admin approves that very file by its hash. Opening
// files and hashing them is the service's work.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"
#include "macros/rules/safety_profile.h"

namespace gk::macros {

/// Macros a file may name; more is an error. Source: chosen, ten times a large server's list.
inline constexpr std::size_t kMaxOverrideEntries = 256;

using PatchMap = std::map<std::string, ProfilePatch, std::less<>>;

/// Reads the text of an override file.
/// Errors: invalid_argument (every bad entry, each as "file:line: macro.key: expected range, got").
Result<PatchMap> parse_override_file(std::string_view text, std::string_view file_name,
                                     const ZoneCheck& zone_exists = {});

/// One field that a file changes.
struct OverrideChange {
  std::string macro_id;
  std::string field;  ///< "max_duration", "thresholds.fps_min", …
  std::string from;   ///< JSON text of the value without the file.
  std::string to;     ///< JSON text of the value in the file.
  bool loosens = false;
};

/// What of a file holds now.
struct OverrideSplit {
  PatchMap effective;  ///< Tightening fields only, or all when approved.
  std::vector<OverrideChange> applied;
  std::vector<OverrideChange> pending;  ///< Loosening fields that wait for approval.
};

/// Splits a file against the built-in profiles.
OverrideSplit split_overrides(const PatchMap& file, bool approved);

/// Line (from 1) of the member at `path` ("dance.thresholds.fps_min", "dance.windows[1].cron") in a
/// JSON text that parses; of the nearest enclosing member when the path itself is absent.
std::size_t json_line_of(std::string_view text, std::string_view path);

}  // namespace gk::macros
