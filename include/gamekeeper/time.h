// time.h: the two kinds of time, and why they never mix.
//
// MonoTime measures: leases, timeouts, samples, rules. It never jumps. WallTime is for people,
// logs and token expiry: it may jump either way. Rules take `MonoTime now` as an argument, so an
// hour replays in microseconds; only base/clock.cc reads a real clock.

#pragma once

#include <chrono>
#include <cstdint>

namespace gk {

using Nanos = std::chrono::nanoseconds;
using Micros = std::chrono::microseconds;
using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// Tag of the monotonic time line (CLOCK_MONOTONIC). It has no now() on purpose.
struct MonoClock {
  using duration = Nanos;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock, duration>;
  static constexpr bool is_steady = true;
};

/// Tag of civil time (UTC, Unix epoch). It has no now() on purpose.
struct WallClock {
  using duration = Micros;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock, duration>;
  static constexpr bool is_steady = false;
};

using MonoTime = MonoClock::time_point;  ///< Nanoseconds since boot.
using WallTime = WallClock::time_point;  ///< Microseconds since 1970-01-01T00:00:00Z.

}  // namespace gk
