// profile_window.h: other limits at other times. A window begins at the moments of a cron line in
// a time zone and lasts so many seconds; while it is open its fields hold instead of the profile's.
//
// Moments are those of schedule.h: in the night when an hour is skipped a fixed hour begins behind
// the gap, in the night when an hour comes twice in the first pass only. The length is elapsed
// time, so such a window ends an hour later or earlier by the clock on the wall. Of two windows
// that are open the first in the list holds.

#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/json_writer.h"
#include "macros/rules/safety_level.h"
#include "macros/rules/schedule.h"

namespace gk::macros {

inline constexpr std::size_t kMaxProfileWindows = 8;  // Source: chosen.

/// The fields that are set hold while the window is open; the others stay the profile's.
/// Thread: compatible (a value).
struct ProfileWindow {
  std::string name;  ///< Of the event and its evidence. 1 to 64 bytes; absent: the cron line.
  Cron cron;
  std::string cron_text;
  std::string time_zone = "UTC";
  Seconds duration{0};  ///< [60 s, 7 days]

  std::optional<SafetyLevel> safety_level;  ///< Never weakens a limit; a stricter one tightens all.
  std::optional<double> max_duration_s;     ///< This and the next in the ranges of a profile's.
  std::optional<double> cpu_usage_max, memory_usage_max, fps_min, latency_max, response_time_max;
  std::optional<bool> auto_cancel_enabled;

  friend bool operator==(const ProfileWindow&, const ProfileWindow&) = default;
};

/// Whether a time zone exists; empty: every name passes.
using ZoneCheck = std::function<bool(const std::string& name)>;

/// Reads `[{name?, cron, time_zone?, duration_s, safety_level?, max_duration?, thresholds?,
/// auto_cancel_enabled?}]`; adds every fault to `complaints`.
std::vector<ProfileWindow> read_profile_windows(
    const JsonValue& list, const std::string& path,
    std::vector<std::pair<std::string, std::string>>& complaints, const ZoneCheck& zone_exists);
/// The same form; only fields that are set.
void write_profile_window(JsonWriter& w, const ProfileWindow& window);

/// Which window holds at a moment, and until when that is certain.
struct WindowState {
  std::optional<std::size_t> open;  ///< Index; nothing: the profile itself holds.
  WallTime until = WallTime::max();
};

/// Shape: `zones` has the zone of each window; null: not known, so that window never opens.
/// Cost: one next_time() a window.
WindowState window_at(std::span<const ProfileWindow> windows, std::span<const Zone* const> zones,
                      WallTime at);

/// One opening of a window that lies ahead.
struct WindowStart {
  std::size_t window = 0;  ///< Index.
  WallTime from, to;
  friend bool operator==(const WindowStart&, const WindowStart&) = default;
};

/// The next moments after `after` at which windows open, soonest first, at most `count`; of two at
/// the same moment the first in the list comes first. A window that is open already and whose line
/// comes again is listed again: it stays open until the end of that one.
/// Shape: `zones` as in window_at(). Cost: one next_time() a window and a moment.
std::vector<WindowStart> next_windows(std::span<const ProfileWindow> windows,
                                      std::span<const Zone* const> zones, WallTime after,
                                      std::size_t count);

}  // namespace gk::macros
