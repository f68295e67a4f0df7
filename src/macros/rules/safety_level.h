// safety_level.h: how closely a macro is watched, and the limits that go with that.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

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
/// The stricter of both, limit by limit.
PerformanceThresholds stricter(const PerformanceThresholds& a, const PerformanceThresholds& b);

}  // namespace gk::macros
