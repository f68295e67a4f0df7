// signal.h: one measured value that is known, unknown or stale: never 0, random or invented.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gamekeeper/time.h"

namespace gk::monitor {

enum class SignalState : std::uint8_t { unknown, known, stale };

/// "known", "unknown" or "stale".
constexpr std::string_view state_name(SignalState state) {
  switch (state) {
    case SignalState::known: return "known";
    case SignalState::stale: return "stale";
    case SignalState::unknown: break;
  }
  return "unknown";
}

/// A value with its age, or the reason why there is none.
/// Thread: compatible (a value).
class Signal {
 public:
  Signal() = default;  ///< Unknown: "not measured yet".
  /// A value measured at `at`, expected again every `period`.
  static Signal known(double value, MonoTime at, WallTime wall, Nanos period) {
    Signal s;
    s.value_ = value;
    s.at_ = at;
    s.wall_ = wall;
    s.period_ = period;
    s.measured_ = true;
    s.reason_.clear();
    return s;
  }
  static Signal unknown(std::string reason, MonoTime at = {}, WallTime wall = {}) {
    Signal s;
    s.reason_ = std::move(reason);
    s.at_ = at;
    s.wall_ = wall;
    return s;
  }

  /// Stale when older than 3 of its own periods. Source: monitor specification, Sensors.
  SignalState state(MonoTime now) const {
    if (!measured_) return SignalState::unknown;
    return is_stale(at_, period_, now) ? SignalState::stale : SignalState::known;
  }
  /// The same of a value that is in no signal yet.
  static bool is_stale(MonoTime at, Nanos period, MonoTime now) { return now - at > 3 * period; }
  bool is_known(MonoTime now) const { return state(now) == SignalState::known; }
  /// Requires: a value was measured (known or stale); 0 otherwise, so check state() first.
  double value() const { return value_; }
  bool measured() const { return measured_; }
  const std::string& reason() const { return reason_; }
  MonoTime at() const { return at_; }
  WallTime wall_at() const { return wall_; }
  Nanos period() const { return period_; }

 private:
  double value_ = 0;
  bool measured_ = false;
  MonoTime at_{};
  WallTime wall_{};
  Nanos period_{Seconds(1)};
  std::string reason_ = "not measured yet";
};

}  // namespace gk::monitor
