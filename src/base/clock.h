// clock.h: where time enters. Shells hold a Clock&; rules take MonoTime as an argument.
// clock.cc is the only file that reads a real clock; tests use testing/manual_clock.h.

#pragma once

#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk {

/// The two clocks of a process.
/// Thread: safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoTime mono() const = 0;
  virtual WallTime wall() const = 0;
};

/// CLOCK_MONOTONIC and CLOCK_REALTIME.
/// Thread: immutable.
class SystemClock final : public Clock {
 public:
  MonoTime mono() const override;
  WallTime wall() const override;
};

/// "2026-11-20T21:44:34.123Z": RFC 3339, UTC, milliseconds.
std::string rfc3339(WallTime time);

/// Reads RFC 3339 with "Z" or a numeric offset, with or without a fraction.
/// Errors: invalid_argument (not RFC 3339, or a date that does not exist).
Result<WallTime> parse_rfc3339(std::string_view text);

/// "20261120", the UTC date used in file names.
std::string date_stamp(WallTime time);

}  // namespace gk
