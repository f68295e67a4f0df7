// manual_clock.h: a clock that a test moves.

#pragma once

#include "base/clock.h"

namespace gk {

/// Starts at mono 1 h and wall 2026-01-01T00:00:00Z.
/// Thread: compatible.
class ManualClock final : public Clock {
 public:
  MonoTime mono() const override { return mono_; }
  WallTime wall() const override { return wall_; }
  void advance(Nanos by) {
    mono_ += by;
    wall_ += std::chrono::duration_cast<Micros>(by);
  }
  /// Moves civil time alone, as an operator or NTP does.
  void jump_wall(Micros by) { wall_ += by; }

 private:
  MonoTime mono_{std::chrono::hours(1)};
  WallTime wall_{Seconds(1767225600)};
};

}  // namespace gk
