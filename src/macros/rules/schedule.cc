#include "macros/rules/schedule.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/try.h"

namespace gk::macros {
namespace {

constexpr int kDaysWalked = 9 * 366;  // Source: 29 February comes after at most eight years
constexpr int kMinutesOfDay = 1440;
// Source: crontab(5).
constexpr auto kMonthNames = std::to_array<std::string_view>(
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"});
// Source: crontab(5).
constexpr auto kDayNames =
    std::to_array<std::string_view>({"sun", "mon", "tue", "wed", "thu", "fri", "sat"});

struct FieldRange {
  std::string_view name;
  int least, most;
  const std::string_view* names = nullptr;  // The first stands for `first_name`.
  std::size_t name_count = 0;
  int first_name = 0;
};

Error field_error(const FieldRange& range, std::string_view text, const std::string& what) {
  return {Errc::invalid_argument, "cron, " + std::string(range.name) + " \"" + std::string(text) +
                                      "\": " + what + " (" + std::to_string(range.least) + " to " +
                                      std::to_string(range.most) + ")"};
}

std::optional<int> number_in(const FieldRange& range, std::string_view text) {
  for (std::size_t i = 0; i < range.name_count; ++i) {
    if (text == range.names[i]) return range.first_name + static_cast<int>(i);
  }
  int out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (out < range.least || out > range.most) return std::nullopt;
  return out;
}

// One part of a list: *, 5, 1-5, each perhaps with /step.
template <std::size_t N>
Result<void> read_part(const FieldRange& range, std::string_view part, std::bitset<N>& out) {
  const std::size_t slash = part.find('/');
  int step = 1, first = range.least, last = range.most;
  if (slash != std::string_view::npos) {
    const std::string_view text = part.substr(slash + 1);
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (failed != std::errc() || end != text.data() + text.size() || step < 1 ||
        step > range.most) {
      return field_error(range, part, "expected a step of at least 1 after /");
    }
  }
  const std::string_view body = part.substr(0, slash);
  if (body != "*") {
    const std::size_t dash = body.find('-');
    const auto from = number_in(range, body.substr(0, dash));
    const auto to = dash == std::string_view::npos ? from : number_in(range, body.substr(dash + 1));
    if (!from || !to) return field_error(range, part, "expected numbers in range");
    if (*from > *to) return field_error(range, part, "the range ends before it starts");
    first = *from;
    // "5/10" is every ten from five on, as in cron.
    last = dash == std::string_view::npos && slash != std::string_view::npos ? range.most : *to;
  }
  for (int i = first; i <= last; i += step) out.set(static_cast<std::size_t>(i));
  return {};
}

template <std::size_t N>
Result<void> read_field(const FieldRange& range, std::string_view text, std::bitset<N>& out) {
  for (;;) {
    const std::size_t comma = text.find(',');
    GK_CHECK_OK(read_part(range, text.substr(0, comma), out));
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

std::optional<int> clock_minutes(std::string_view text) {
  const auto two = [&](std::size_t at) {
    const char a = text[at], b = text[at + 1];
    return a >= '0' && a <= '9' && b >= '0' && b <= '9' ? (a - '0') * 10 + (b - '0') : 99;
  };
  if (text.size() != 5 || text[2] != ':' || two(0) > 23 || two(3) > 59) return std::nullopt;
  return two(0) * 60 + two(3);
}

void read_window(const JsonValue& value, JsonReader& all, std::size_t number,
                 std::vector<Window>& out) {
  const std::string path = "windows[" + std::to_string(number) + "]";
  JsonReader reader(value, path);
  std::string start, end, days = "*";
  reader.string("start", start, 8);
  reader.string("end", end, 8);
  reader.string("days", days, 64);
  Window window;
  const auto from = clock_minutes(start), to = clock_minutes(end);
  if (!from) reader.complain("start", "expected HH:MM");
  if (!to) reader.complain("end", "expected HH:MM");
  std::bitset<8> weekdays;
  const FieldRange range{"days", 0, 7, kDayNames.data(), kDayNames.size(), 0};
  if (auto read = read_field(range, days, weekdays); !read) {
    reader.complain("days", read.error().message);
  }
  reader.refuse_unknown();
  for (const auto& [where, what] : reader.complaints()) all.complain(where, what);
  for (std::size_t day = 0; day < 8; ++day) {
    if (weekdays[day]) window.days.set(day % 7);
  }
  window.start_min = from.value_or(0);
  window.end_min = to.value_or(0);
  out.push_back(window);
}

using Days = std::chrono::sys_days;

// The local calendar day of a moment.
Days local_day(const Zone& zone, WallTime at) {
  const auto local = at.time_since_epoch() + zone.at(at).offset;
  return Days(std::chrono::floor<std::chrono::days>(local));
}

/// A local wall time as moments: one, two (it comes twice), or none (it is skipped).
struct Moments {
  std::optional<WallTime> first, second;
  WallTime after_gap{};  ///< When skipped: the first moment behind.
};

Moments moments_of(const Zone& zone, Days day, int minute) {
  const Micros local = day.time_since_epoch() + std::chrono::minutes(minute);
  Moments out;
  // Offsets are within a day, so all that can matter changes within a day of the guess.
  WallTime probe = WallTime(local) - std::chrono::hours(26);
  for (;;) {
    const Zone::Stretch stretch = zone.at(probe);
    const WallTime at = WallTime(local) - stretch.offset;
    if (at >= stretch.begin && at < stretch.end) {
      (out.first ? out.second : out.first) = at;
    } else if (!out.first && at >= stretch.end) {
      out.after_gap = stretch.end;  // Still ahead when the offset changes.
    }
    if (stretch.end == WallTime::max() || stretch.end > WallTime(local) + std::chrono::hours(26)) {
      return out;
    }
    probe = stretch.end;
  }
}

bool in_window(const Schedule& schedule, int weekday, int minute) {
  if (schedule.windows.empty()) return true;
  const std::size_t today = static_cast<std::size_t>(weekday), before = (today + 6) % 7;
  return std::any_of(schedule.windows.begin(), schedule.windows.end(), [&](const Window& w) {
    const bool wraps = w.end_min <= w.start_min;
    if (!wraps) return w.days[today] && minute >= w.start_min && minute < w.end_min;
    return (w.days[today] && minute >= w.start_min) || (w.days[before] && minute < w.end_min);
  });
}

bool is_start(const Schedule& schedule, int weekday, int minute) {
  if (schedule.cron) {
    return schedule.cron->minute_matches(minute / 60, minute % 60) &&
           in_window(schedule, weekday, minute);
  }
  return std::any_of(schedule.windows.begin(), schedule.windows.end(), [&](const Window& w) {
    return w.days[static_cast<std::size_t>(weekday)] && w.start_min == minute;
  });
}

// The starts of one local day, in order of time and without doubles.
std::vector<WallTime> starts_of(const Schedule& schedule, const Zone& zone, Days day) {
  const std::chrono::year_month_day date(day);
  const int weekday = static_cast<int>(std::chrono::weekday(day).c_encoding());
  std::vector<WallTime> out;
  if (schedule.cron &&
      !schedule.cron->day_matches(static_cast<int>(unsigned(date.month())),
                                  static_cast<int>(unsigned(date.day())), weekday)) {
    return out;
  }
  const bool fixed = !schedule.cron || !schedule.cron->every_hour();
  for (int minute = 0; minute < kMinutesOfDay; ++minute) {
    if (!is_start(schedule, weekday, minute)) continue;
    const Moments moments = moments_of(zone, day, minute);
    if (moments.first) out.push_back(*moments.first);
    if (moments.second && !fixed) out.push_back(*moments.second);
    if (!moments.first && fixed) out.push_back(moments.after_gap);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

Result<Cron> Cron::parse(std::string_view text) {
  std::vector<std::string_view> fields;
  while (!text.empty()) {
    const std::size_t start = text.find_first_not_of(' ');
    if (start == std::string_view::npos) break;
    const std::size_t end = std::min(text.find(' ', start), text.size());
    fields.push_back(text.substr(start, end - start));
    text.remove_prefix(end);
  }
  if (fields.size() != 5) {
    return Error{Errc::invalid_argument,
                 "cron: expected five fields (minute hour day month weekday), got " +
                     std::to_string(fields.size())};
  }
  Cron out;
  GK_CHECK_OK(read_field({"minute", 0, 59}, fields[0], out.minutes_));
  GK_CHECK_OK(read_field({"hour", 0, 23}, fields[1], out.hours_));
  GK_CHECK_OK(read_field({"day of month", 1, 31}, fields[2], out.days_));
  GK_CHECK_OK(read_field({"month", 1, 12, kMonthNames.data(), kMonthNames.size(), 1}, fields[3],
                         out.months_));
  std::bitset<8> weekdays;
  GK_CHECK_OK(read_field({"day of week", 0, 7, kDayNames.data(), kDayNames.size(), 0}, fields[4],
                         weekdays));
  for (std::size_t day = 0; day < 8; ++day) {
    if (weekdays[day]) out.weekdays_.set(day % 7);
  }
  out.every_hour_ = fields[1] == "*";
  out.any_day_ = fields[2] == "*";
  out.any_weekday_ = fields[4] == "*";
  return out;
}

bool Cron::day_matches(int month, int day_of_month, int day_of_week) const {
  if (!months_[static_cast<std::size_t>(month)]) return false;
  const bool day = days_[static_cast<std::size_t>(day_of_month)];
  const bool weekday = weekdays_[static_cast<std::size_t>(day_of_week)];
  return any_day_ || any_weekday_ ? day && weekday : day || weekday;
}

Result<Schedule> read_schedule(const JsonValue& value) {
  JsonReader reader(value, "");
  Schedule out;
  reader.string("cron", out.cron_text, 256);
  reader.string("time_zone", out.time_zone, 64);
  if (!out.cron_text.empty()) {
    auto cron = Cron::parse(out.cron_text);
    if (cron) out.cron = *cron;
    if (!cron) reader.complain("cron", cron.error().message);
  }
  const JsonValue* windows = reader.member("windows");
  if (windows != nullptr && !windows->is_null()) {
    if (!windows->is_array() || windows->as_array().size() > Schedule::kMaxWindows) {
      reader.complain("windows", "expected at most 16 windows");
    } else {
      for (std::size_t i = 0; i < windows->as_array().size(); ++i) {
        read_window(windows->as_array()[i], reader, i, out.windows);
      }
    }
  }
  if (out.cron_text.empty() && out.windows.empty()) {
    reader.complain("cron", "expected a cron line or windows");
  }
  reader.refuse_unknown();
  GK_CHECK_OK(reader.result());
  return out;
}

std::optional<WallTime> next_time(const Schedule& schedule, const Zone& zone, WallTime after) {
  Days day = local_day(zone, after) - std::chrono::days(1);  // A gap may move a start by a day.
  for (int i = 0; i < kDaysWalked; ++i, day += std::chrono::days(1)) {
    const auto starts = starts_of(schedule, zone, day);
    const auto next = std::upper_bound(starts.begin(), starts.end(), after);
    if (next != starts.end()) return *next;
  }
  return std::nullopt;
}

std::optional<WallTime> window_end(const Schedule& schedule, const Zone& zone, WallTime at) {
  std::optional<WallTime> out;
  const Days today = local_day(zone, at);
  for (const Window& window : schedule.windows) {
    for (const Days day : {today - std::chrono::days(1), today}) {
      if (!window.days[std::chrono::weekday(day).c_encoding()]) continue;
      const bool wraps = window.end_min <= window.start_min;
      const Moments start = moments_of(zone, day, window.start_min);
      const Moments end =
          moments_of(zone, wraps ? day + std::chrono::days(1) : day, window.end_min);
      const WallTime from = start.first.value_or(start.after_gap);
      // An end that comes twice ends with the second: the window is as long as it says, or longer.
      const WallTime to = end.second ? *end.second : end.first.value_or(end.after_gap);
      if (at >= from && at < to && (!out || to > *out)) out = to;
    }
  }
  return out;
}

}  // namespace gk::macros
