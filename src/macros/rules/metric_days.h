// metric_days.h: folds what was recorded of one signal into the days of a report.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "macros/rules/day_trend.h"
#include "macros/rules/simulation.h"

namespace gk::macros {

/// One signal on one day.
struct MetricDay {
  std::uint64_t count = 0;  ///< Samples; those of an aggregate are shared out by time.
  double mean = 0;          ///< Weighted by time: 10 samples a second count no more than one.
  double min = 0, max = 0;
  double coverage = 0;  ///< Share of the day, today so far, for which it was measured. 0..1

  bool operator==(const MetricDay&) const = default;
};

/// The days of a row, nothing where there is no sample.
/// A sample stands for the time since the one before it, up to `gap`. An aggregate is taken for its
/// mean over its whole time. Of one that lies over midnight each day gets the count and the mean by
/// its share of the time, and both days get its smallest and largest sample: no extreme is missed,
/// but it may be of the day beside. Where a sample is in an aggregate too, the aggregate counts.
/// Requires: samples and aggregates are in order of time.
/// Cost: O(samples + aggregates · days touched).
std::vector<std::optional<MetricDay>> fold_metric(const RecordedSeries& series, const DayRow& days,
                                                  Micros gap = std::chrono::seconds(30));

}  // namespace gk::macros
