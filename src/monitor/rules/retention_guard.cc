#include "monitor/rules/retention_guard.h"

namespace gk::monitor {
namespace {

bool apart(WallTime a, WallTime b, Micros limit) { return a > b + limit || a < b - limit; }

}  // namespace

void RetentionGuard::start(WallTime newest_saved, WallTime wall, MonoTime now) {
  if (apart(wall, newest_saved, kLongStop)) held_until_ = now + kHold;
  known_ = true;
  wall_ = wall;
  now_ = now;
}

bool RetentionGuard::may_remove(WallTime wall, MonoTime now) {
  const WallTime expected = wall_ + std::chrono::duration_cast<Micros>(now - now_);
  if (known_ && apart(wall, expected, kJump)) held_until_ = now + kHold;
  known_ = true;
  wall_ = wall;
  now_ = now;
  return now >= held_until_;
}

}  // namespace gk::monitor
