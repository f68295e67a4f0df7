#include "macros/rules/day_trend.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "macros/rules/quarter_tally.h"

namespace gk::macros {
namespace {

// Source: the IANA database; no offset since 2000 is beyond -12 h or +14 h, and none was not a
// multiple of a quarter (time_zone_test.cc looks at all of them).
constexpr Micros kLargestOffset = std::chrono::hours(15);

// The first quarter whose local day is `day` or later.
WallTime first_of(LocalDay day, const Zone& zone) {
  WallTime at = WallTime(std::chrono::days(day)) - kLargestOffset;
  while (local_day(at, zone) < day) at += kQuarter;
  return at;
}

}  // namespace

LocalDay local_day(WallTime at, const Zone& zone) {
  const auto local = at.time_since_epoch() + zone.at(at).offset;
  return std::chrono::floor<std::chrono::days>(local).count();
}

std::string day_text(LocalDay day) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(day)))};
  char text[24];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

DayRow::DayRow(Zone zone, WallTime now, std::size_t days)
    : zone_(std::move(zone)),
      first_(local_day(now, zone_) - static_cast<LocalDay>(days) + 1),
      from_(first_of(first_, zone_)),
      to_(now),
      lengths_(days, Micros(0)) {
  split(from_, to_, [this](std::size_t day, Micros part) { lengths_[day] += part; });
}

std::optional<std::size_t> DayRow::index(WallTime at) const {
  if (at < from_ || at > to_) return std::nullopt;
  const LocalDay day = local_day(at, zone_) - first_;
  if (day < 0 || day >= static_cast<LocalDay>(lengths_.size())) return std::nullopt;
  return static_cast<std::size_t>(day);
}

std::optional<DayTrend> day_trend(std::span<const std::optional<double>> days,
                                  const DayTrendSettings& settings) {
  double n = 0, sum_x = 0, sum_y = 0;
  double first = 0, last = 0;
  for (std::size_t i = 0; i < days.size(); ++i) {
    if (!days[i]) continue;
    const auto x = static_cast<double>(i);
    if (n == 0) first = x;
    last = x;
    n += 1;
    sum_x += x;
    sum_y += *days[i];
  }
  if (n < static_cast<double>(std::max<std::size_t>(settings.min_days, 2))) return std::nullopt;
  const double mean_x = sum_x / n, mean_y = sum_y / n;
  double xx = 0, xy = 0, yy = 0;
  for (std::size_t i = 0; i < days.size(); ++i) {
    if (!days[i]) continue;
    const double dx = static_cast<double>(i) - mean_x, dy = *days[i] - mean_y;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  DayTrend out{TrendDirection::steady, xy / xx};
  if (yy <= 0) return out;
  const double explained = xy * xy / (xx * yy);
  const double change = out.per_day * (last - first);
  const bool clear = std::abs(change) >= settings.min_change * std::abs(mean_y);
  if (!clear || explained < settings.min_explained) return out;
  out.direction = change > 0 ? TrendDirection::rising : TrendDirection::falling;
  return out;
}

}  // namespace gk::macros
