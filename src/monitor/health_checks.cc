#include "monitor/health_checks.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace gk::monitor {
namespace {

using Latest = std::function<std::shared_ptr<const Snapshot>()>;

std::string rounded(double value) {
  char text[32] = {};
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

/// One limit on a signal of the newest snapshot.
struct SignalCheck {
  std::string what, unit;
  std::function<Signal(const Snapshot&)> signal;
  double degraded = 0, failed = 0, scale = 1;
};

/// A rate needs two samples: until `settled` a value that is not there yet is no fault.
std::function<CheckOutcome()> signal_check(Latest latest, const Clock& clock, MonoTime settled,
                                           SignalCheck check) {
  return [latest = std::move(latest), &clock, settled, check = std::move(check)]() -> CheckOutcome {
    const auto snapshot = latest();
    const Signal signal =
        snapshot ? check.signal(*snapshot) : Signal::unknown("no snapshot was taken yet");
    const MonoTime now = clock.mono();
    if (!signal.measured() && now < settled) {
      return {HealthStatus::ok, check.what + ": not measured yet"};
    }
    return judge(signal, now, check.degraded, check.failed, check.scale, check.what, check.unit);
  };
}

std::function<Signal(const Snapshot&)> of_self(Signal ProcessSample::* member) {
  return [member](const Snapshot& snapshot) {
    const auto self = snapshot.processes.find("self");
    return self == snapshot.processes.end() ? Signal::unknown("not watched") : self->second.*member;
  };
}

CheckOutcome database_check(const std::function<Result<void>()>& run, const Clock& clock,
                            Nanos limit) {
  const MonoTime begin = clock.mono();
  const auto result = run();
  const Nanos took = clock.mono() - begin;
  const double ms = std::chrono::duration<double, std::milli>(took).count();
  if (!result) return {HealthStatus::failed, result.error().message};
  return {took > limit ? HealthStatus::degraded : HealthStatus::ok,
          "write and read took " + rounded(ms) + " ms"};
}

CheckOutcome logging_check(const std::function<LogStats()>& stats, std::uint64_t& dropped_before) {
  const LogStats now = stats();
  const std::uint64_t lost = now.dropped - std::min(dropped_before, now.dropped);
  dropped_before = now.dropped;
  const std::string lines = std::to_string(now.lines) + " lines written";
  if (lost > 0) {
    return {HealthStatus::degraded, std::to_string(lost) + " lines were lost since the last check"};
  }
  return {HealthStatus::ok,
          now.dropped == 0 ? lines
                           : lines + ", " + std::to_string(now.dropped) + " lost since the start"};
}

}  // namespace

CheckOutcome judge(const Signal& signal, MonoTime now, double degraded, double failed, double scale,
                   const std::string& what, const std::string& unit) {
  if (signal.state(now) == SignalState::stale) {
    return {HealthStatus::degraded, what + ": the last reading is too old"};
  }
  if (!signal.measured()) return {HealthStatus::degraded, what + ": " + signal.reason()};
  const double value = signal.value() / scale;
  const std::string text = what + " " + rounded(value) + " " + unit;
  if (value > failed) {
    return {HealthStatus::failed, text + ", above " + rounded(failed)};
  }
  if (value > degraded) {
    return {HealthStatus::degraded, text + ", above " + rounded(degraded)};
  }
  return {HealthStatus::ok, text};
}

std::vector<HealthCheck> builtin_checks(HealthInputs inputs, const Clock& clock,
                                        const HealthLimits& limits) {
  const auto or_else = [](std::function<CheckOutcome()> given, HealthStatus status,
                          const char* detail) -> std::function<CheckOutcome()> {
    if (given) return given;
    return [status, detail] { return CheckOutcome{status, detail}; };
  };
  std::function<CheckOutcome()> database, logging;
  if (inputs.database) {
    database = [run = inputs.database, &clock, limit = limits.database_max] {
      return database_check(run, clock, limit);
    };
  }
  if (inputs.logging) {
    // Shared by the copies of the function; a check never runs twice at once.
    logging = [stats = inputs.logging, before = std::make_shared<std::uint64_t>(0)] {
      return logging_check(stats, *before);
    };
  }
  std::vector<HealthCheck> out;
  const MonoTime settled = clock.mono() + limits.settle;
  const auto add = [&](const char* name, SignalCheck check) {
    out.push_back({name, signal_check(inputs.latest, clock, settled, std::move(check))});
  };
  add("memory", {"resident memory", "MB", of_self(&ProcessSample::rss_bytes),
                 limits.memory_degraded_mb, limits.memory_failed_mb, 1e6});
  add("cpu", {"the daemon's CPU", "% of one core", of_self(&ProcessSample::cpu_pct),
              limits.cpu_degraded_pct, limits.cpu_failed_pct, 1.0});
  add("disk", {"the data directory's disk", "% full",
               [](const Snapshot& snapshot) { return snapshot.disk_usage; },
               limits.disk_degraded_pct, limits.disk_failed_pct, 1.0});
  out.push_back({"database", or_else(database, HealthStatus::degraded, "runs without a store")});
  out.push_back({"cache", or_else(inputs.cache, HealthStatus::ok, "no cache is configured")});
  out.push_back({"logging", or_else(logging, HealthStatus::degraded, "the log tells nothing")});
  out.push_back({"dependencies", or_else(inputs.dependencies, HealthStatus::ok, "none in use")});
  out.push_back({"configuration", or_else(inputs.configuration, HealthStatus::degraded,
                                          "nobody checked the configuration")});
  return out;
}

}  // namespace gk::monitor
