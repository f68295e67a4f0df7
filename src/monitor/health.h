// health.h: is the daemon well? A registry of checks, each with a deadline, run off the loop, with
// results no older than a second when somebody asks.
//
// A check that hangs is failed at its deadline and is never started a second time while it hangs,
// so that it costs one worker and no more. The built-in checks are health_checks.h.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/topic.h"
#include "base/worker_pool.h"
#include "gamekeeper/result.h"

namespace gk::monitor {

enum class HealthStatus : std::uint8_t { ok, degraded, failed };
/// "ok", "degraded" or "failed".
std::string_view health_status_name(HealthStatus status);

struct CheckOutcome {
  HealthStatus status = HealthStatus::ok;
  std::string detail;
};

/// One check. `run` is called on a pool thread and must be safe there.
struct HealthCheck {
  std::string name;
  std::function<CheckOutcome()> run;
  Nanos deadline = Millis(500);  ///< Source: chosen; ten times the database check's own limit.
};

struct CheckResult {
  std::string name;
  HealthStatus status = HealthStatus::ok;
  std::string detail;
  Nanos latency{};   ///< Of the last run; the deadline when it did not return.
  WallTime since{};  ///< When the status became what it is.
};

/// Published when the status of a check or of the whole changes.
struct HealthChange {
  HealthStatus overall = HealthStatus::ok;
  std::vector<CheckResult> changed;
};

struct HealthOptions {
  std::string version;
  Nanos max_age = Seconds(1);         ///< Source: monitor specification, Health checks.
  Nanos refresh_every = Seconds(15);  ///< When nobody asks, for gauges and changes. Chosen.
  std::size_t max_waiting = 1024;     ///< Requests that wait for a first or slow result; then 503.
  std::size_t max_checks = 64;
};

/// Thread: loop. Requires: outlives every task that it posted to the pool (stop the pool first), or
///         is destroyed on the loop thread; late answers are ignored.
class Health {
 public:
  using Post = std::function<void(std::function<void()>)>;
  /// Asks for tick() after a delay. A later call replaces an earlier one.
  using WakeAfter = std::function<void(Nanos)>;

  Health(HealthOptions options, WorkerPool& pool, Post post, WakeAfter wake_after,
         const Clock& clock, Log& log, Metrics& metrics);
  ~Health();
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  /// Errors: already_exists (name), resource_exhausted (too many checks), invalid_argument.
  Result<void> add(HealthCheck check);

  /// Calls `done` with results at most `max_age` old: at once when they are there.
  /// Errors: resource_exhausted (too many wait already). `done` is not called then.
  Result<void> when_fresh(std::function<void()> done);
  /// Deadlines and background refreshes; see WakeAfter.
  void tick();

  /// The last results; see when_fresh().
  HealthStatus overall() const { return overall_; }
  std::vector<CheckResult> results() const;
  /// Null pointer for an unknown name.
  const CheckResult* find(std::string_view name) const;

  /// The bodies of GET /api/health, made once a refresh: answering costs one copy.
  const std::string& full_json() const { return full_json_; }
  const std::string& brief_json() const { return brief_json_; }

  /// Ready to serve: set by the server when start-up is done.
  void set_ready(bool ready) { ready_ = ready; }
  bool ready() const { return ready_; }
  bool has_results() const { return have_results_; }  ///< Every check has run once.

  Topic<HealthChange>& changes() { return changes_; }
  /// Body of one check, as in the list.
  static std::string check_json(const CheckResult& result);

 private:
  struct Entry;
  struct Link;
  void refresh();
  void start_check(Entry& entry);
  void finish_check(std::size_t index, std::uint64_t round, CheckOutcome outcome, Nanos latency);
  void settle(Entry& entry, CheckOutcome outcome, Nanos latency);
  void finish_refresh();
  void render();
  void plan_wake();

  const HealthOptions options_;
  WorkerPool& pool_;
  const Post post_;
  const WakeAfter wake_after_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;

  std::vector<std::unique_ptr<Entry>> entries_;
  std::vector<std::function<void()>> waiting_;
  std::vector<CheckResult> changed_;  // In the refresh that runs.
  HealthStatus overall_ = HealthStatus::ok;
  bool refreshing_ = false;
  bool have_results_ = false;
  bool ready_ = false;
  std::uint64_t round_ = 0;
  MonoTime refreshed_{};
  const MonoTime started_;
  std::string full_json_, brief_json_;
  Topic<HealthChange> changes_;
  Gauge overall_gauge_;
  std::shared_ptr<Link> link_;  // Shared with tasks on the pool that have not answered.
};

}  // namespace gk::monitor
