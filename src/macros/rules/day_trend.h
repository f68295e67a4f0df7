// day_trend.h: the local days of a report, and which way a row of days is going.
//
// What is folded into the days are quarter_tally.h and metric_days.h. Where a signal is going
// within seconds is trend.h.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/time.h"
#include "macros/rules/zone.h"

namespace gk::macros {

/// Days since 1970-01-01 in local time.
using LocalDay = std::int64_t;

/// The day of `zone` that `at` falls on.
LocalDay local_day(WallTime at, const Zone& zone);
/// "2026-11-28".
std::string day_text(LocalDay day);

/// A row of local days that ends with today.
/// Thread: immutable once made.
class DayRow {
 public:
  /// Requires: days >= 1.
  DayRow(Zone zone, WallTime now, std::size_t days);

  std::size_t size() const { return lengths_.size(); }
  WallTime from() const { return from_; }  ///< The first moment of the first day.
  WallTime to() const { return to_; }      ///< Now.
  const Zone& zone() const { return zone_; }
  std::string text(std::size_t index) const {
    return day_text(first_ + static_cast<LocalDay>(index));
  }
  /// Which day; nothing: not one of the row.
  std::optional<std::size_t> index(WallTime at) const;
  /// How long the day is, today so far: 23 or 25 h where the clocks change, 0 where the calendar
  /// left it out.
  Micros length(std::size_t index) const { return lengths_[index]; }
  /// Splits a stretch of time: `part(index, share of it)` for each day of the row that it touches.
  template <typename Part>
  void split(WallTime from, WallTime to, const Part& part) const;

 private:
  Zone zone_;
  LocalDay first_;
  WallTime from_, to_;
  std::vector<Micros> lengths_;
};

enum class TrendDirection : std::uint8_t { falling, steady, rising };

constexpr std::string_view direction_name(TrendDirection direction) {
  switch (direction) {
    case TrendDirection::falling: return "falling";
    case TrendDirection::steady: return "steady";
    case TrendDirection::rising: break;
  }
  return "rising";
}

struct DayTrend {
  TrendDirection direction = TrendDirection::steady;
  double per_day = 0;  ///< The slope of the least-squares line, in the unit of the values.
};

/// Source: chosen. A line through two points always fits, so three days are the least. A change
/// under a tenth of the mean is nothing to act on, and a line that explains less than half of the
/// variance is drawn through noise.
struct DayTrendSettings {
  std::size_t min_days = 3;    ///< With data.
  double min_change = 0.1;     ///< Of the line over the row, as a share of the mean's amount.
  double min_explained = 0.5;  ///< R² of the line.
};

/// Which way a row of days goes; a day without data is left out, not taken for 0. Nothing: too few
/// days have data.
std::optional<DayTrend> day_trend(std::span<const std::optional<double>> days,
                                  const DayTrendSettings& settings = {});

template <typename Part>
void DayRow::split(WallTime from, WallTime to, const Part& part) const {
  from = from < from_ ? from_ : from;
  to = to > to_ ? to_ : to;
  while (from < to) {
    const Zone::Stretch stretch = zone_.at(from);
    const auto local = from.time_since_epoch() + stretch.offset;
    const auto next = std::chrono::floor<std::chrono::days>(local) + std::chrono::days(1);
    const WallTime end = std::min({to, WallTime(next - stretch.offset), stretch.end});
    if (const auto day = index(from)) part(*day, end - from);
    from = end;
  }
}

}  // namespace gk::macros
