// trace_keys.h: the names of the keys of a trace line. Internal to offline/.

#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "referee/offline/trace.h"

namespace gk::referee {

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Num::count_)> kNumNames = {
    "s",    "c",   "r",   "x",    "y",   "z",     "g",       "vmax",  "vup",
    "grav", "nom", "upm", "step", "tol", "dur",   "fps",     "score", "rtt",
    "over", "mul", "vx",  "vy",   "vz",  "decel", "cheat_at"};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(Text::count_)> kTextNames = {
    "id", "mode", "type", "sev", "link", "machine", "cheat"};

inline std::string_view name_of(Num key) { return kNumNames[static_cast<std::size_t>(key)]; }
inline std::string_view name_of(Text key) { return kTextNames[static_cast<std::size_t>(key)]; }

inline std::optional<Num> number_key(std::string_view name) {
  for (std::size_t i = 0; i < kNumNames.size(); ++i)
    if (kNumNames[i] == name) return static_cast<Num>(i);
  return std::nullopt;
}
inline std::optional<Text> text_key(std::string_view name) {
  for (std::size_t i = 0; i < kTextNames.size(); ++i)
    if (kTextNames[i] == name) return static_cast<Text>(i);
  return std::nullopt;
}
inline bool is_kind(char k) {
  return std::string_view("SmpqtoxE").find(k) != std::string_view::npos;
}

/// See trace.cc.
Result<void> check_trace_event(const TraceEvent& event);

}  // namespace gk::referee
