// stop_flag.h: tells work on another thread to stop, and wakes it when it waits.

#pragma once

#include <condition_variable>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"
#include "gamekeeper/result.h"

namespace gk::arbiter {

/// Thread: safe.
class StopFlag {
 public:
  /// Requires: the clock outlives it. `deadline`: then check() fails by itself.
  explicit StopFlag(const Clock& clock, MonoTime deadline = MonoTime::max())
      : clock_(clock), deadline_(deadline) {}

  /// The first reason stays.
  void stop(Error why);
  /// Errors: the reason; deadline_exceeded.
  Result<void> check() const;
  /// Waits for `time`. Errors: as check(), as soon as it fails.
  Result<void> wait(Nanos time);

 private:
  Result<void> check_locked() const GK_REQUIRES(mu_);

  const Clock& clock_;
  const MonoTime deadline_;
  mutable Mutex mu_{MutexRank::leaf};
  std::condition_variable_any woken_;
  std::optional<Error> why_ GK_GUARDED_BY(mu_);
};

}  // namespace gk::arbiter
