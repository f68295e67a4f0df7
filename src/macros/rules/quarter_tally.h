// quarter_tally.h: what each macro did in each quarter hour of UTC, for the trend reports.
//
// Quarters, not days: a report asks for the days of a zone, and every zone's offset is a multiple
// of 15 minutes, so that quarters add up to anybody's days exactly (docs/decisions/0031). Days and
// trends are day_trend.h; storing is tally_store.h of the room.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "gamekeeper/time.h"

namespace gk::macros {

/// Quarter hours since 1970-01-01T00:00Z.
using Quarter = std::int64_t;
constexpr Micros kQuarter = std::chrono::minutes(15);  // Source: docs/decisions/0031.

Quarter quarter_of(WallTime at);
constexpr WallTime quarter_start(Quarter quarter) { return WallTime(quarter * kQuarter); }

/// The part of a stretch of time that lies in each quarter, oldest first. Nothing if `to` <=
/// `from`: the clock was set back.
std::vector<std::pair<Quarter, Micros>> split_by_quarter(WallTime from, WallTime to);

/// One macro in one quarter, or in several that were added up.
struct QuarterTally {
  std::uint64_t runs = 0;  ///< That began in it.
  Micros run_time{0};
  std::uint64_t commands = 0;         ///< Given to a game, those that failed too.
  std::uint64_t commands_failed = 0;  ///< Refused, or without an answer.
  std::uint64_t warnings = 0;
  std::uint64_t throttles = 0;
  std::uint64_t pauses = 0;
  std::map<std::string, std::uint64_t, std::less<>> cancellations;  ///< By rule: a closed list.
  Micros demand_known{0};                 ///< How long the demand was known.
  double demand_pct_s = 0;                ///< Demand (% of one core) × seconds of that time.
  std::optional<double> demand_peak_pct;  ///< Nothing: never known. So the next.
  std::optional<double> memory_peak_pct;  ///< Of the machine's memory.

  /// Weighted by time; nothing: it was never known.
  std::optional<double> demand_mean_pct() const;
  std::uint64_t cancelled() const;  ///< By any rule.
  bool operator==(const QuarterTally&) const = default;
};

/// `b` onto `a`, as if everything had been counted in one.
void add_tally(QuarterTally& a, const QuarterTally& b);

/// Whose tally.
struct TallyKey {
  Quarter quarter = 0;
  std::string macro_id;  ///< Empty: the daemon itself; its run time is how long it was there.
  std::string game;      ///< Where it acted; empty: not known.
  auto operator<=>(const TallyKey&) const = default;
};

/// Tallies of macros that are not on disk yet. They are added to what the disk has, so nothing need
/// be read to count on after a restart, nor when the clock is set back.
///
/// Thread:   compatible.
/// Overflow: at most `limit` keys; the newest loses and is counted.
/// Cost:     O(log n); allocates for a new key only.
class PendingTallies {
 public:
  struct Entry {
    std::string macro_name;  ///< The newest.
    QuarterTally tally;
  };
  using Entries = std::map<TallyKey, Entry>;

  /// Source: chosen; 256 macros may run at once, and as many may have ended in the same quarter.
  explicit PendingTallies(std::size_t limit = 1'024) : limit_(limit) {}

  /// Null: it does not fit, and is counted as lost.
  QuarterTally* at(Quarter quarter, std::string_view macro_id, std::string_view macro_name,
                   std::string_view game);
  /// What there is; afterwards there is nothing.
  Entries take() { return std::exchange(entries_, {}); }
  /// What could not be written comes back.
  void put_back(Entries entries);

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::uint64_t lost() const { return lost_; }  ///< Times that something was not counted.

 private:
  std::size_t limit_;
  Entries entries_;
  std::uint64_t lost_ = 0;
};

}  // namespace gk::macros
