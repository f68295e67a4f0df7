// monitor_gauges.h: the monitor's own Prometheus metrics. A signal that is not known is NaN, which
// Prometheus stores as "no value"; it is never 0.

#pragma once

#include <cstdint>
#include <vector>

#include "base/metrics.h"
#include "monitor/rules/performance.h"
#include "monitor/rules/series_set.h"
#include "monitor/rules/snapshot.h"

namespace gk::monitor {

/// Thread: loop.
class MonitorGauges {
 public:
  explicit MonitorGauges(Metrics& metrics);
  void update(const Snapshot& snapshot, const SeriesSet& series);
  void save_failed() { save_failures_.inc(); }
  void raised(const PerformanceIssue& issue);

 private:
  Gauge cpu_, memory_, swap_, disk_, load_, psi_cpu_, psi_memory_, psi_io_, resident_, own_cpu_;
  Gauge interval_, watched_, series_, series_bytes_;
  Counter snapshots_, fills_, folds_, dropped_, unsaved_lost_, save_failures_;
  std::vector<Counter> issues_;  // By source, kind and severity: index_of().
  SeriesStats before_;
};

}  // namespace gk::monitor
