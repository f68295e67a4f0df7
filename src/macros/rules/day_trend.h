// day_trend.h: what each macro did on each day, for the trend reports.
//
// Days are those of one zone, so that a run over midnight counts on both. Where a signal is going
// within seconds is trend.h. Storing and reporting the days is not here.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gamekeeper/time.h"
#include "macros/rules/zone.h"

namespace gk::macros {

/// Days since 1970-01-01 in local time.
using LocalDay = std::int64_t;

/// The day of `zone` that `at` falls on.
LocalDay local_day(WallTime at, const Zone& zone);

/// The part of a run that lies on each day, oldest first; a day without any of it is left out.
/// Exact over changes of the zone's offset. Nothing if `to` <= `from`: the clock was set back.
std::vector<std::pair<LocalDay, Micros>> split_by_day(WallTime from, WallTime to, const Zone& zone);

/// One macro on one day.
struct DayTally {
  std::uint64_t runs = 0;  ///< That began on this day.
  Micros run_time{0};
  std::map<std::string, std::uint64_t> cancellations;  ///< By rule; the rules are a closed list.
  std::uint64_t warnings = 0;
  std::uint64_t throttles = 0;
  std::uint64_t pauses = 0;
  std::optional<double> peak_demand_pct;  ///< Nothing: it was never known on this day.

  bool operator==(const DayTally&) const = default;
};

/// `b` into `a`, as if everything had been counted in one.
void add_tally(DayTally& a, const DayTally& b);

/// Source: chosen; as long as the reports look back, and twice the macros that run at once.
struct DayTrendLimits {
  std::size_t days = 90;     ///< Of each macro; the oldest lose.
  std::size_t macros = 512;  ///< The least active loses, see DayTrends.
};

/// The days of all macros.
///
/// Thread:     compatible.
/// Invariants: at most `macros` macros, each with days of the last `days` before its newest.
/// Overflow:   a macro that is new takes the place of the one with the fewest runs; of equals, of
///             the one that is idle longest, then of the first by name.
/// Cost:       O(log n) a call; O(n) when a macro must go.
class DayTrends {
 public:
  using Days = std::map<LocalDay, DayTally>;

  explicit DayTrends(DayTrendLimits limits = {}) : limits_(limits) {}

  /// Adds `tally` to a macro's day. False: the day is older than those that are kept.
  bool add(std::string_view macro_id, LocalDay day, const DayTally& tally);
  /// A run that began at `from` and ended at `to`, or is counted so far. `begins`: this is its
  /// first part, so it counts as a run.
  void add_run(std::string_view macro_id, WallTime from, WallTime to, const Zone& zone,
               bool begins);
  /// Null: nothing is known of it.
  const Days* find(std::string_view macro_id) const;
  std::size_t size() const { return macros_.size(); }

 private:
  void make_room();

  DayTrendLimits limits_;
  std::map<std::string, Days, std::less<>> macros_;
};

}  // namespace gk::macros
