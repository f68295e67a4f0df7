#include "arbiter/operations/stop_flag.h"

#include <algorithm>
#include <utility>

namespace gk::arbiter {

void StopFlag::stop(Error why) {
  {
    const MutexLock lock(mu_);
    if (!why_) why_ = std::move(why);
  }
  woken_.notify_all();
}

Result<void> StopFlag::check_locked() const {
  if (why_) return *why_;
  if (clock_.mono() >= deadline_) return Error{Errc::deadline_exceeded, "its deadline passed"};
  return {};
}

Result<void> StopFlag::check() const {
  const MutexLock lock(mu_);
  return check_locked();
}

Result<void> StopFlag::wait(Nanos time) {
  const MonoTime end = clock_.mono() + time;
  const MutexLock lock(mu_);
  for (;;) {
    if (auto go_on = check_locked(); !go_on) return go_on;
    const MonoTime now = clock_.mono();
    if (now >= end) return {};
    woken_.wait_for(mu_, std::min(end, deadline_) - now);
  }
}

}  // namespace gk::arbiter
