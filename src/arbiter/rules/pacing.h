// pacing.h: GCRA, the leaky bucket that needs one number and no timer.
// Source: ITU-T I.371 annex A (virtual scheduling). Time is an argument.

#pragma once

#include "gamekeeper/arbiter_types.h"

namespace gk::arbiter {

/// Generic cell rate algorithm of one lane or actor.
/// Thread:     compatible.
/// Invariants: in any window w at most 1 + (w + tolerance) / interval actions, while the pacing
///             stays the same. Integer arithmetic, rounded so that nothing is early.
class Gcra {
 public:
  /// Changes the rate at once: what is owed is converted from the old interval to the new one.
  void set(const Pacing& pacing, MonoTime now);
  const Pacing& pacing() const { return pacing_; }
  bool off() const { return pacing_.interval == Nanos(0); }

  /// The earliest time of the next action; MonoTime::min() without pacing.
  MonoTime earliest() const { return off() ? MonoTime::min() : due_ - pacing_.tolerance; }
  /// Counts one action. Requires: now >= earliest().
  void take(MonoTime now) {
    if (!off()) due_ = (due_ > now ? due_ : now) + pacing_.interval;
  }
  MonoTime due() const { return due_; }

 private:
  Pacing pacing_;
  MonoTime due_{};  // Theoretical arrival time of the next action.
};

}  // namespace gk::arbiter
