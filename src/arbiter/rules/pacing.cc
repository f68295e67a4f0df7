#include "arbiter/rules/pacing.h"

namespace gk::arbiter {

void Gcra::set(const Pacing& pacing, MonoTime now) {
  if (due_ > now && !off() && pacing.interval != pacing_.interval) {
    // Debt in actions stays the same; a double loses nothing that a nanosecond would show.
    const double actions =
        static_cast<double>((due_ - now).count()) / static_cast<double>(pacing_.interval.count());
    const double owed = actions * static_cast<double>(pacing.interval.count());
    due_ = now + Nanos(static_cast<Nanos::rep>(owed) + (owed > 0 ? 1 : 0));
  }
  pacing_ = pacing;
}

}  // namespace gk::arbiter
