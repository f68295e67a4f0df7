#include "macros/rules/pacer.h"

#include <algorithm>
#include <chrono>

#include "macros/rules/mutant.h"

namespace gk::macros {

std::optional<Nanos> Pacer::slow_down(double commands_per_s, MonoTime now) {
  disturb(now);
  const Nanos floor =
      GK_MACROS_MUTANT(pace_without_floor) ? settings_.floor * 1000 : settings_.floor;
  if (interval_ == Nanos(0)) {
    if (commands_per_s <= 0) return std::nullopt;
    natural_ = std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(1 / commands_per_s));
    if (natural_ >= floor) return std::nullopt;  // Slower than the floor by itself.
    interval_ = std::min(2 * natural_, floor);
    stepped_ = now;
    return interval_;
  }
  const bool early = now - stepped_ < settings_.step && !GK_MACROS_MUTANT(pace_steps_too_often);
  if (early || interval_ >= floor) return std::nullopt;
  interval_ = std::min(2 * interval_, floor);
  stepped_ = now;
  return interval_;
}

std::optional<Nanos> Pacer::relax(MonoTime now) {
  if (interval_ == Nanos(0) || now - quiet_since_ < settings_.quiet) return std::nullopt;
  quiet_since_ = now;
  interval_ /= 2;
  // Its own pace is reached: no limit is needed any more.
  if (interval_ <= natural_ || GK_MACROS_MUTANT(pace_back_at_once)) interval_ = Nanos(0);
  return interval_;
}

}  // namespace gk::macros
