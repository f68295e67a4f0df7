// trend.h: where a signal is going: Holt's linear trend, so that a warning comes before a limit.

#pragma once

#include <cstdint>
#include <optional>

#include "gamekeeper/time.h"
#include "macros/rules/trigger.h"

namespace gk::macros {

/// Source: macros specification (Holt, 30 s, 10 s); the rest is chosen.
struct TrendSettings {
  Nanos memory{Seconds(30)};        ///< Time constant of the slope.
  Nanos horizon{Seconds(10)};       ///< How far ahead a crossing matters.
  Nanos least_history{Seconds(5)};  ///< Of samples before anything is foretold.
  double noise_factor = 3;          ///< The foretold change must be so many mean errors.
};

/// Level and slope of one signal.
/// Thread: compatible.  Cost: O(1), no allocation.
class HoltTrend {
 public:
  HoltTrend() = default;
  explicit HoltTrend(const TrendSettings& settings) : settings_(settings) {}

  /// One sample, measured at `at`; the same sample again is ignored. A gap longer than the memory
  /// begins anew.
  void update(double value, MonoTime at);
  /// Time until the signal passes `limit`, if it does so within the horizon; nothing: it does not,
  /// it has already, too little is known, or the slope is within the noise.
  std::optional<Nanos> crosses(double limit, Direction direction) const;
  double level() const { return level_; }
  double slope_per_s() const { return slope_; }

 private:
  TrendSettings settings_;
  std::uint32_t samples_ = 0;
  MonoTime first_{};
  MonoTime last_{};
  double level_ = 0;
  double slope_ = 0;  // A second.
  double error_ = 0;  // Mean absolute error of the forecast from sample to sample.
};

}  // namespace gk::macros
