#include "games/rules/pace_guard.h"

#include <algorithm>
#include <chrono>

namespace gk::games {
namespace {

double seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

PaceGuard::PaceGuard(double configured_per_s, const PaceGuardLimits& limits)
    : configured_(configured_per_s),
      limits_(limits),
      pace_(configured_per_s),
      wait_(limits.look_again) {}

double PaceGuard::floor_per_s() const {
  return std::max(configured_ * limits_.floor, std::min(1.0, configured_));
}

void PaceGuard::begin(MonoTime now) {
  began_ = now;
  sum_ = 0;
  samples_ = 0;
  sent_ = 0;
}

bool PaceGuard::observe(double ratio, Nanos covers, MonoTime now) {
  const bool stale = !last_sample_ || now - *last_sample_ > std::max(limits_.silent, 2 * covers);
  last_sample_ = now;
  // After a silence nobody knows what was sent in the time that the sample speaks of.
  if (stale || !began_) {
    begin(now);
    return false;
  }
  sum_ += ratio;
  ++samples_;
  const Nanos passed = now - *began_;
  // A sample may come early by its jitter.
  if (passed < std::max(limits_.decide_every, covers * 9 / 10)) return false;
  const double mean = sum_ / samples_, used = static_cast<double>(sent_) / seconds(passed);
  begin(now);
  return decide(mean, used, now);
}

bool PaceGuard::decide(double ratio, double used_per_s, MonoTime now) {
  if (ratio < limits_.behind) return on_behind(used_per_s, now);
  if (ratio < limits_.on_time) {
    good_ = 0;
    return false;
  }
  return on_time(now);
}

// Where hardly anything was sent, commands are not what holds the game up.
bool PaceGuard::on_behind(double used_per_s, MonoTime now) {
  good_ = 0;
  const double least = floor_per_s();
  if (used_per_s <= least || pace_ <= least) return false;
  const double used = std::min(pace_, used_per_s);
  wait_ = looking_ ? std::min(limits_.look_again_max, wait_ * 2) : wait_;
  looking_ = false;
  fell_at_ = used;
  cut_at_ = now;
  pace_ = std::max(least, used * limits_.cut);
  return true;
}

bool PaceGuard::on_time(MonoTime now) {
  if (!lowered()) {
    // It has borne the whole pace for as long as it had to wait for that: all is forgotten.
    if (now - full_at_ >= wait_) {
      wait_ = limits_.look_again;
      looking_ = false;
    }
    return false;
  }
  if (++good_ < limits_.streak) return false;
  if (fell_at_ && now - cut_at_ >= wait_) {
    fell_at_.reset();
    looking_ = true;
  }
  const double top = fell_at_ ? std::max(floor_per_s(), *fell_at_ * limits_.ceiling) : configured_;
  const double next = std::min({configured_, top, pace_ + configured_ * limits_.step});
  if (next <= pace_) return false;
  pace_ = next;
  if (!lowered()) full_at_ = now;
  return true;
}

}  // namespace gk::games
