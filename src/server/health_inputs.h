// health_inputs.h: what the health checks ask of parts that the monitor does not know.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/lru_cache.h"
#include "monitor/health_checks.h"
#include "monitor/monitor.h"
#include "server/stores.h"
#include "store/migrations.h"

namespace gk::server {

/// The one-row table of the database check, in state.db.
store::RoomMigrations health_migrations();

/// One outcome of several: the worst status, and the details of all that are not ok.
monitor::CheckOutcome worst_of(const std::vector<monitor::CheckOutcome>& outcomes);

/// "telemetry": degraded while samples cannot be saved and wait in memory.
/// Requires: `stores` outlives the checks' pool.
monitor::HealthCheck telemetry_check(const Stores& stores);

/// Degraded when, since the check before, more made room that still held than was found: whoever
/// asks has more in use than the cache holds, and it is of no use. `what` it holds, in words.
std::function<monitor::CheckOutcome()> cache_check(std::string what, CacheMeters meters);

/// Requires: the references outlive the checks' pool.
monitor::HealthInputs health_inputs(const monitor::Monitor& monitor, Stores& stores,
                                    const FileLog& log);

}  // namespace gk::server
