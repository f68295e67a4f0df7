// series_points.h: a series as evenly spaced points for a chart. A gap is a point without a value.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "gamekeeper/result.h"
#include "monitor/rules/series.h"

namespace gk::monitor {

/// One step of a chart. min, max and avg are there when more than one sample stands behind it.
struct SeriesPoint {
  WallTime at{};  ///< Start of the step.
  std::optional<double> value, min, max, avg;
};

/// What is asked of a series.
struct SeriesWindow {
  WallTime from{}, to{};
  Micros step{};

  static constexpr std::size_t kMaxPoints = 10'000;   // Source: chosen, 1 MB of JSON.
  static constexpr std::size_t kUsualPoints = 1'000;  // Source: chosen, a wide screen.

  /// A window with defaults filled in: the hour before `to`, at most 1,000 steps of at least 1 s.
  /// Errors: invalid_argument (from after to, step below 1 ms, more than 10,000 steps).
  static Result<SeriesWindow> create(std::optional<WallTime> from, std::optional<WallTime> to,
                                     std::optional<Micros> step, WallTime now);
  std::size_t points() const { return static_cast<std::size_t>((to - from) / step) + 1; }
};

/// Points of the window [from, to]. Where raw samples exist they count; elsewhere an aggregate
/// fills the steps that it overlaps.
/// Requires: both lists in order of time. They may reach beyond the window.
std::vector<SeriesPoint> make_points(const SeriesWindow& window,
                                     std::span<const Aggregate> aggregates,
                                     std::span<const Sample> raw);

}  // namespace gk::monitor
