// pacer.h: how far the pace of a macro is throttled, and how it comes back.

#pragma once

#include <optional>

#include "gamekeeper/time.h"

namespace gk::macros {

/// Source: macros specification (halve, floor 1 per 5 s, a step back per quiet window); step and
/// quiet are chosen.
struct PaceSettings {
  Nanos floor{Seconds(5)};   ///< Never slower than one command in this time.
  Nanos step{Seconds(2)};    ///< Least time between two halvings.
  Nanos quiet{Seconds(10)};  ///< Without a breach for so long: one step back.
};

/// The pace of one macro.
/// Thread: compatible.
class Pacer {
 public:
  explicit Pacer(const PaceSettings& settings) : settings_(settings) {}

  /// Halves the pace. `commands_per_s` is what the macro did; it counts at the first step.
  /// Returns the least time between two commands; nothing: too early, at the floor, or the macro
  /// sends nothing that could be slowed down.
  std::optional<Nanos> slow_down(double commands_per_s, MonoTime now);
  /// Call while nothing is wrong. Returns the new interval when a step back is due; zero: no limit.
  std::optional<Nanos> relax(MonoTime now);
  /// Something is wrong: the quiet window begins anew.
  void disturb(MonoTime now) { quiet_since_ = now; }

  Nanos interval() const { return interval_; }  ///< Zero: not throttled.

 private:
  PaceSettings settings_;
  Nanos natural_{0};  // Of the macro, before the first step.
  Nanos interval_{0};
  MonoTime stepped_{};
  MonoTime quiet_since_{};
};

}  // namespace gk::macros
