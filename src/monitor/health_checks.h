// health_checks.h: the eight checks that every daemon has. What this room cannot see (database,
// cache, log, dependencies, configuration) the server hands in as functions.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "monitor/health.h"
#include "monitor/rules/snapshot.h"

namespace gk::monitor {

/// Limits of the built-in checks. Source: monitor specification, Health checks.
struct HealthLimits {
  double memory_degraded_mb = 200, memory_failed_mb = 500;  ///< Daemon and children; MB = 10^6 B.
  double cpu_degraded_pct = 70, cpu_failed_pct = 90;        ///< The daemon's own, % of one core.
  double disk_degraded_pct = 80, disk_failed_pct = 95;
  Nanos database_max = Millis(50);  ///< A real write and read; slower is degraded.
  Nanos settle = Seconds(3);        ///< After the start, unknown is no fault. Source: chosen.
};

/// Every function is called on a pool thread.
struct HealthInputs {
  std::function<std::shared_ptr<const Snapshot>()> latest;  ///< Required; may return null.
  std::function<Result<void>()> database;      ///< Writes and reads. Absent: degraded, no store.
  std::function<CheckOutcome()> cache;         ///< Absent: ok, "no cache is configured".
  std::function<LogStats()> logging;           ///< Absent: degraded, nothing can be said.
  std::function<CheckOutcome()> dependencies;  ///< Workers, notifier, game links. Absent: ok, none.
  std::function<CheckOutcome()> configuration;  ///< Valid, revision. Absent: degraded.
};

/// memory, cpu, disk, database, cache, logging, dependencies and configuration, in this order.
/// `clock` outlives the checks.
std::vector<HealthCheck> builtin_checks(HealthInputs inputs, const Clock& clock,
                                        const HealthLimits& limits = {});

/// ok below `degraded`, degraded from there, failed above `failed`; a signal that is not known is
/// degraded with its reason: nobody can say that all is well.
CheckOutcome judge(const Signal& signal, MonoTime now, double degraded, double failed, double scale,
                   const std::string& what, const std::string& unit);

}  // namespace gk::monitor
