// trigger.h: one limit with hysteresis: entered after enough consecutive samples past the limit,
// left only when the signal has come back well below it.
//
// So a signal that swings a little round its limit makes one transition, not hundreds. A sample is
// counted once, however often it is looked at; an unknown or stale value counts for nothing and
// breaks a run of samples.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gamekeeper/time.h"
#include "monitor/rules/signal.h"

namespace gk::macros {

/// The reasons for which a macro is stopped.
enum class Trigger : std::uint8_t {
  duration,
  cpu_usage,
  memory_usage,
  fps,
  latency,
  response_time,
  pattern,    ///< Not one of the six: a rule on what it does, pattern.h.
  processes,  ///< Neither: too many of them at once, WatchSettings::max_processes.
};

/// "duration", "cpu_usage", …: the name in events and metrics.
std::string_view trigger_name(Trigger trigger);

enum class Direction : std::uint8_t { above, below };  ///< Which side of the limit is bad.

/// Source of the defaults: macros specification, watch, decide, act.
struct TriggerSettings {
  double leave_ratio_above = 0.90;  ///< Leave level / limit for "above". [0.5, 1]
  double leave_ratio_below = 1.10;  ///< Leave level / limit for "below". [1, 2]
  Millis hold{0};                   ///< The limit must be passed for so long. [0, 10 min]
  std::uint32_t min_samples = 2;    ///< Consecutive samples past the limit. [1, 100]
};

/// What happened at an update.
enum class Edge : std::uint8_t { none, entered, left };

/// One signal against one limit.
/// Thread: compatible.  Cost: O(1), no allocation.
class HysteresisTrigger {
 public:
  HysteresisTrigger(Direction direction, double limit, const TriggerSettings& settings);

  /// Another limit from now on. When it differs, what was seen of the old one counts no more.
  void set_limit(double limit);

  /// Feeds the newest value of the signal, however old. Requires: `now` never decreases.
  Edge update(const monitor::Signal& signal, MonoTime now);

  bool active() const { return active_; }
  /// True when this value alone is past the limit (no hysteresis): the re-check before an act.
  bool is_past(double value) const;
  double limit() const { return limit_; }
  double leave() const { return leave_; }
  Direction direction() const { return direction_; }
  /// When the sample that completed the breach was measured; meaningful while active.
  MonoTime breached_at() const { return breached_at_; }
  /// When the signal was last known; MonoTime::min() if never.
  MonoTime last_known() const { return last_known_; }

 private:
  Direction direction_;
  double limit_;
  double leave_;
  TriggerSettings settings_;
  bool active_ = false;
  std::uint32_t run_ = 0;  // Consecutive samples past the limit.
  MonoTime run_start_{};
  MonoTime last_sample_ = MonoTime::min();
  MonoTime last_known_ = MonoTime::min();
  MonoTime breached_at_{};
};

/// "Performance threshold exceeded: cpu_usage 85.5 > 80". As few decimals as tell value and limit
/// apart, at least one where the value has one.
std::string threshold_reason(std::string_view signal, double value, Direction direction,
                             double limit);
/// "Forecast: cpu_usage 71.5 reaches 80 in 6 s".
std::string forecast_reason(std::string_view signal, double value, double limit, Nanos in);
/// "Duration exceeded: 61 s > 60 s": whole seconds, the elapsed time rounded up.
std::string duration_reason(Nanos elapsed, double limit_s);
/// "Process limit exceeded: 312 > 64".
std::string processes_reason(std::uint32_t processes, std::uint32_t limit);

}  // namespace gk::macros
