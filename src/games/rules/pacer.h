// pacer.h: at most so many commands a second, with a burst: GCRA.

#pragma once

#include <algorithm>
#include <chrono>

#include "gamekeeper/time.h"

namespace gk::games {

/// In any window of length w at most burst + w · rate commands pass.
/// Thread: compatible.
class Pacer {
 public:
  /// Requires: rate_per_s > 0, burst >= 1.
  Pacer(double rate_per_s, double burst)
      : interval_(std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(1 / rate_per_s))),
        tolerance_(std::chrono::duration_cast<Nanos>(interval_ * (burst - 1))) {}

  /// When the next command may go: now or later.
  MonoTime due(MonoTime now) const { return std::max(now, arrival_ - tolerance_); }
  /// From now on this pace. A change gives nobody a burst, and none waits for the pace of before.
  /// Requires: as the constructor.
  void set_rate(double rate_per_s, double burst, MonoTime now) {
    const MonoTime earliest = arrival_ - tolerance_;
    const Pacer next(rate_per_s, burst);
    interval_ = next.interval_;
    tolerance_ = next.tolerance_;
    arrival_ = std::min(earliest, now + interval_) + tolerance_;
  }
  /// One goes. Requires: now >= due(now).
  void take(MonoTime now) { arrival_ = std::max(now, arrival_) + interval_; }

 private:
  Nanos interval_, tolerance_;
  MonoTime arrival_{};  // Theoretical, of the next command.
};

}  // namespace gk::games
