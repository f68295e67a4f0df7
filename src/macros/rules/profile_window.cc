#include "macros/rules/profile_window.h"

#include <algorithm>

#include "macros/rules/profile_fields.h"

namespace gk::macros {
namespace {

constexpr std::int64_t kShortest = 60;         // Source: chosen, s; a cron line has no less.
constexpr std::int64_t kLongest = 7 * 86'400;  // Source: chosen, s.

ProfileWindow read_window(const JsonValue& item, const std::string& path,
                          std::vector<std::pair<std::string, std::string>>& complaints,
                          const ZoneCheck& zone_exists) {
  ProfileWindow window;
  JsonReader reader(item, path);
  reader.string("name", window.name, 64);
  reader.require("cron");
  reader.string("cron", window.cron_text, 256);
  if (fields::is_set(item, "cron")) {
    auto cron = Cron::parse(window.cron_text);
    if (cron) window.cron = *cron;
    if (!cron) reader.complain("cron", cron.error().message);
  }
  reader.string("time_zone", window.time_zone, 64);
  if (zone_exists && !zone_exists(window.time_zone)) {
    reader.complain("time_zone",
                    "expected a time zone of this system such as Europe/Berlin, got \"" +
                        window.time_zone + "\"");
  }
  std::int64_t duration_s = 0;
  reader.require("duration_s");
  reader.integer("duration_s", duration_s, kShortest, kLongest);
  window.duration = Seconds(duration_s);
  fields::read_level(reader, item, window.safety_level);
  fields::read_number(reader, item, "max_duration", 1, 86'400, window.max_duration_s);
  fields::read_flag(reader, item, "auto_cancel_enabled", window.auto_cancel_enabled);
  const JsonValue* thresholds = reader.member("thresholds");
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
  fields::read_thresholds(thresholds, fields::below(path, "thresholds"), window, complaints);
  if (window.name.empty()) window.name = window.cron_text.substr(0, 64);
  return window;
}

}  // namespace

std::vector<ProfileWindow> read_profile_windows(
    const JsonValue& list, const std::string& path,
    std::vector<std::pair<std::string, std::string>>& complaints, const ZoneCheck& zone_exists) {
  std::vector<ProfileWindow> windows;
  if (!list.is_array() || list.as_array().size() > kMaxProfileWindows) {
    complaints.emplace_back(
        path, "expected a list of at most " + std::to_string(kMaxProfileWindows) + " windows");
    return windows;
  }
  for (std::size_t i = 0; i < list.as_array().size(); ++i) {
    const std::string place = path + "[" + std::to_string(i) + "]";
    windows.push_back(read_window(list.as_array()[i], place, complaints, zone_exists));
    const bool twice = std::any_of(windows.begin(), windows.end() - 1, [&](const auto& other) {
      return other.name == windows.back().name;
    });
    if (twice) {
      complaints.emplace_back(
          place + ".name", "expected a name of its own, got \"" + windows.back().name + "\" twice");
    }
  }
  return windows;
}

void write_profile_window(JsonWriter& w, const ProfileWindow& window) {
  w.begin_object().field("name", window.name).field("cron", window.cron_text);
  w.field("time_zone", window.time_zone).field("duration_s", window.duration.count());
  if (window.safety_level) w.field("safety_level", level_name(*window.safety_level));
  if (window.max_duration_s) w.field("max_duration", *window.max_duration_s);
  if (window.auto_cancel_enabled) w.field("auto_cancel_enabled", *window.auto_cancel_enabled);
  w.key("thresholds").begin_object();
  const auto limit = [&](std::string_view key, std::optional<double> value) {
    if (value) w.field(key, *value);
  };
  limit("cpu_usage_max", window.cpu_usage_max);
  limit("memory_usage_max", window.memory_usage_max);
  limit("fps_min", window.fps_min);
  limit("latency_max", window.latency_max);
  limit("response_time_max", window.response_time_max);
  w.end_object().end_object();
}

WindowState window_at(std::span<const ProfileWindow> windows, std::span<const Zone* const> zones,
                      WallTime at) {
  WindowState state;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (zones[i] == nullptr) continue;
    Schedule schedule;
    schedule.cron = windows[i].cron;
    // Open when a start lies in (at - duration, at]; the first such start is the next to end.
    const auto start = next_time(schedule, *zones[i], at - windows[i].duration);
    if (!start) continue;
    const bool is_open = *start <= at;
    if (is_open && !state.open) state.open = i;
    state.until = std::min(state.until, is_open ? *start + windows[i].duration : *start);
  }
  return state;
}

std::vector<WindowStart> next_windows(std::span<const ProfileWindow> windows,
                                      std::span<const Zone* const> zones, WallTime after,
                                      std::size_t count) {
  std::vector<std::optional<WallTime>> next(windows.size());
  const auto find_next = [&](std::size_t i, WallTime since) {
    Schedule schedule;
    schedule.cron = windows[i].cron;
    next[i] = zones[i] == nullptr ? std::nullopt : next_time(schedule, *zones[i], since);
  };
  for (std::size_t i = 0; i < windows.size(); ++i) find_next(i, after);
  std::vector<WindowStart> starts;
  while (starts.size() < count) {
    std::size_t first = windows.size();
    for (std::size_t i = 0; i < windows.size(); ++i) {
      if (next[i] && (first == windows.size() || *next[i] < *next[first])) first = i;
    }
    if (first == windows.size()) break;  // None opens any more.
    starts.push_back({first, *next[first], *next[first] + windows[first].duration});
    if (starts.size() < count) find_next(first, *next[first]);
  }
  return starts;
}

}  // namespace gk::macros
