#include "base/clock.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace gk {
namespace {

template <typename Duration>
Duration read_clock(clockid_t id) {
  timespec ts{};
  ::clock_gettime(id, &ts);
  return std::chrono::duration_cast<Duration>(Seconds(ts.tv_sec) + Nanos(ts.tv_nsec));
}

struct Civil {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<Micros> time;
};

Civil civil(WallTime t) {
  const std::chrono::sys_time<Micros> sys(t.time_since_epoch());
  const auto day = std::chrono::floor<std::chrono::days>(sys);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<Micros>(sys - day)};
}

/// Writes `value` with leading zeros over out[at .. at + digits).
void put_digits(std::string& out, std::size_t at, std::size_t digits, unsigned value) {
  for (std::size_t i = at + digits; i-- > at; value /= 10) {
    out[i] = static_cast<char>('0' + value % 10);
  }
}

/// Consumes exactly `digits` decimal digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + digits, value);
  if (ec != std::errc() || end != text.data() + digits || text[0] == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text[0] != expected) return false;
  text.remove_prefix(1);
  return true;
}

/// Fraction of a second in microseconds; digits past the sixth are dropped.
std::optional<int> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  int micros = 0, digits = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    if (digits < 6) micros = micros * 10 + (text[0] - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (int i = digits; i < 6; ++i) micros *= 10;
  return micros;
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return std::chrono::minutes(0);
  const bool minus = !text.empty() && text[0] == '-';
  if (!minus && (text.empty() || text[0] != '+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return minus ? -offset : offset;
}

std::optional<WallTime> parse(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second) return std::nullopt;
  const auto micros = take_fraction(text);
  const auto offset = take_offset(text);
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!micros || !offset || !text.empty() || !date.ok()) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto since_epoch = std::chrono::sys_days(date).time_since_epoch() +
                           std::chrono::hours(*hour) + std::chrono::minutes(*minute) - *offset +
                           Seconds(*second) + Micros(*micros);
  return WallTime(since_epoch);
}

}  // namespace

MonoTime SystemClock::mono() const { return MonoTime(read_clock<Nanos>(CLOCK_MONOTONIC)); }
WallTime SystemClock::wall() const { return WallTime(read_clock<Micros>(CLOCK_REALTIME)); }

std::string rfc3339(WallTime time) {
  // By hand: every log line has one, and snprintf costs eight times as much.
  const Civil c = civil(time);
  std::string out = "0000-00-00T00:00:00.000Z";
  const auto year = static_cast<int>(c.date.year());
  put_digits(out, 0, 4, static_cast<unsigned>(std::clamp(year, 0, 9999)));
  put_digits(out, 5, 2, static_cast<unsigned>(c.date.month()));
  put_digits(out, 8, 2, static_cast<unsigned>(c.date.day()));
  put_digits(out, 11, 2, static_cast<unsigned>(c.time.hours().count()));
  put_digits(out, 14, 2, static_cast<unsigned>(c.time.minutes().count()));
  put_digits(out, 17, 2, static_cast<unsigned>(c.time.seconds().count()));
  const auto millis = std::chrono::duration_cast<Millis>(c.time.subseconds()).count();
  put_digits(out, 20, 3, static_cast<unsigned>(millis));
  return out;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  if (const auto time = parse(text)) return *time;
  return Error{Errc::invalid_argument, "expected a time like 2026-11-20T21:44:34Z, got \"" +
                                           std::string(text.substr(0, 40)) + "\""};
}

std::string date_stamp(WallTime time) {
  const Civil c = civil(time);
  std::array<char, 24> out{};
  const int n =
      std::snprintf(out.data(), out.size(), "%04d%02u%02u", static_cast<int>(c.date.year()),
                    static_cast<unsigned>(c.date.month()), static_cast<unsigned>(c.date.day()));
  return std::string(out.data(), static_cast<std::size_t>(n));
}

}  // namespace gk
