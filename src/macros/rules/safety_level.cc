#include "macros/rules/safety_level.h"

#include <algorithm>

namespace gk::macros {

std::string_view level_name(SafetyLevel level) {
  switch (level) {
    case SafetyLevel::safe: return "safe";
    case SafetyLevel::risky: return "risky";
    case SafetyLevel::dangerous: break;
  }
  return "dangerous";
}

std::optional<SafetyLevel> parse_level(std::string_view text) {
  if (text == "safe") return SafetyLevel::safe;
  if (text == "risky") return SafetyLevel::risky;
  if (text == "dangerous") return SafetyLevel::dangerous;
  return std::nullopt;
}

PerformanceThresholds level_thresholds(SafetyLevel level) {
  switch (level) {
    case SafetyLevel::safe: return {90, 92, 10, 800, 2000};
    case SafetyLevel::risky: return {80, 85, 15, 500, 1000};
    case SafetyLevel::dangerous: break;
  }
  return {60, 75, 25, 300, 600};
}

PerformanceThresholds stricter(const PerformanceThresholds& a, const PerformanceThresholds& b) {
  return {std::min(a.cpu_usage_max, b.cpu_usage_max),
          std::min(a.memory_usage_max, b.memory_usage_max), std::max(a.fps_min, b.fps_min),
          std::min(a.latency_max, b.latency_max),
          std::min(a.response_time_max, b.response_time_max)};
}

}  // namespace gk::macros
