// manual_clock.h: a clock that a test moves.

#pragma once

#include <atomic>

#include "base/clock.h"

namespace gk {

/// Starts at mono 1 h and wall 2026-01-01T00:00:00Z.
/// Thread: one moves it; any may read it.
class ManualClock final : public Clock {
 public:
  MonoTime mono() const override { return mono_; }
  WallTime wall() const override { return wall_; }
  void advance(Nanos by) {
    mono_ = mono_.load() + by;
    jump_wall(std::chrono::duration_cast<Micros>(by));
  }
  /// Moves civil time alone, as an operator or NTP does.
  void jump_wall(Micros by) { wall_ = wall_.load() + by; }

 private:
  std::atomic<MonoTime> mono_ = MonoTime(std::chrono::hours(1));
  std::atomic<WallTime> wall_ = WallTime(Seconds(1767225600));
};

}  // namespace gk
