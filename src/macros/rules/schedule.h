// schedule.h: when a macro of the library starts by itself: five fields as in cron, windows of the
// day, a time zone; and what happens in the nights when clocks change.
//
// An hour that is skipped (spring): what has a fixed hour in it starts once, at the first moment
// after it; what runs every hour has nothing to make up. An hour that comes twice (autumn): what
// has a fixed hour starts in the first pass only; what runs every hour runs in both.
// A schedule has a fixed hour when its hour field is not `*`. Source: Debian's cron(8), which does
// the same for clock changes of up to three hours.

#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "macros/rules/zone.h"

namespace gk::macros {

/// "minute hour day-of-month month day-of-week": numbers, names (jan, mon), lists 1,3; ranges 1-5;
/// steps */15, 10-40/10. When both days are given either suffices, as in cron. Sunday is 0 and 7.
/// Thread: immutable.
class Cron {
 public:
  /// Errors: invalid_argument (names the field, the place and the range).
  static Result<Cron> parse(std::string_view text);

  bool day_matches(int month, int day_of_month, int day_of_week) const;
  bool minute_matches(int hour, int minute) const {
    return hours_[static_cast<std::size_t>(hour)] && minutes_[static_cast<std::size_t>(minute)];
  }
  bool every_hour() const { return every_hour_; }
  friend bool operator==(const Cron&, const Cron&) = default;

 private:
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool every_hour_ = false, any_day_ = false, any_weekday_ = false;
};

/// A part of the day, local time. `end` at or before `start`: it ends on the next day.
struct Window {
  std::bitset<7> days;  ///< Of its start; bit 0 is Sunday.
  int start_min = 0;    ///< Minutes after midnight, [0, 1439].
  int end_min = 0;
};

/// With a cron line: its moments, and only those inside a window when there are any. Without: the
/// starts of the windows.
struct Schedule {
  static constexpr std::size_t kMaxWindows = 16;  // Source: chosen

  std::optional<Cron> cron;
  std::string cron_text;
  std::vector<Window> windows;
  std::string time_zone = "UTC";
};

/// Reads {cron?, windows?[{start, end, days?}], time_zone?}.
/// Errors: invalid_argument (all complaints with their paths).
Result<Schedule> read_schedule(const JsonValue& value);

/// The first start after `after`; nothing within the next nine years (no such date).
/// Cost: O(days walked); under a millisecond for a daily schedule.
std::optional<WallTime> next_time(const Schedule& schedule, const Zone& zone, WallTime after);

/// The end of the window that `at` is in: what the schedule started is stopped then. Nothing when
/// there are no windows or `at` is in none.
std::optional<WallTime> window_end(const Schedule& schedule, const Zone& zone, WallTime at);

}  // namespace gk::macros
