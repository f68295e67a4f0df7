// retention_guard.h: may old samples be removed by this clock?
//
// Retention counts civil time. A clock that is set ten years ahead would make all history "too old"
// at once, and one that is set back would make it "from the future". So after a jump nothing is
// removed by age for a day, which is time to notice; limits by number hold meanwhile.

#pragma once

#include "gamekeeper/time.h"

namespace gk::monitor {

/// Thread: compatible.
class RetentionGuard {
 public:
  static constexpr Nanos kHold = std::chrono::hours(24);     // Source: chosen
  static constexpr Micros kJump = std::chrono::hours(1);     // Source: chosen, above a DST mistake
  static constexpr Micros kLongStop = std::chrono::days(1);  // Source: chosen

  /// The newest sample that was found at the start: a clock far from it is not believed at once.
  void start(WallTime newest_saved, WallTime wall, MonoTime now);
  /// True: remove by age. Requires: called with every reading; `now` never decreases.
  bool may_remove(WallTime wall, MonoTime now);

 private:
  bool known_ = false;
  WallTime wall_{};
  MonoTime now_{};
  MonoTime held_until_ = MonoTime::min();
};

}  // namespace gk::monitor
