#include "macros/rules/day_trend.h"

#include <algorithm>

namespace gk::macros {
namespace {

constexpr Micros kDay = std::chrono::hours(24);  // Source: local days are 24 h of local time.

std::uint64_t runs_of(const DayTrends::Days& days) {
  std::uint64_t runs = 0;
  for (const auto& [day, tally] : days) runs += tally.runs;
  return runs;
}

LocalDay day_at_offset(WallTime at, Seconds offset) {
  return std::chrono::floor<std::chrono::days>(at.time_since_epoch() + offset).count();
}

}  // namespace

LocalDay local_day(WallTime at, const Zone& zone) { return day_at_offset(at, zone.at(at).offset); }

std::vector<std::pair<LocalDay, Micros>> split_by_day(WallTime from, WallTime to,
                                                      const Zone& zone) {
  std::vector<std::pair<LocalDay, Micros>> out;
  while (from < to) {
    const Zone::Stretch stretch = zone.at(from);
    const LocalDay day = day_at_offset(from, stretch.offset);
    const WallTime midnight{(day + 1) * kDay - stretch.offset};
    const WallTime end = std::min({to, midnight, stretch.end});
    // A zone that changes at midnight, backwards, comes to the same day twice.
    const auto same =
        std::find_if(out.begin(), out.end(), [day](const auto& part) { return part.first == day; });
    if (same != out.end()) {
      same->second += end - from;
    } else {
      out.emplace_back(day, end - from);
    }
    from = end;
  }
  return out;
}

void add_tally(DayTally& a, const DayTally& b) {
  a.runs += b.runs;
  a.run_time += b.run_time;
  for (const auto& [rule, count] : b.cancellations) a.cancellations[rule] += count;
  a.warnings += b.warnings;
  a.throttles += b.throttles;
  a.pauses += b.pauses;
  if (!b.peak_demand_pct) return;
  a.peak_demand_pct = std::max(a.peak_demand_pct.value_or(*b.peak_demand_pct), *b.peak_demand_pct);
}

bool DayTrends::add(std::string_view macro_id, LocalDay day, const DayTally& tally) {
  if (limits_.macros == 0 || limits_.days == 0) return false;
  auto found = macros_.find(macro_id);
  if (found == macros_.end()) {
    if (macros_.size() >= limits_.macros) make_room();
    found = macros_.emplace(macro_id, Days()).first;
  }
  Days& days = found->second;
  const auto kept = static_cast<LocalDay>(limits_.days);
  if (!days.empty() && day <= days.rbegin()->first - kept) return false;
  add_tally(days[day], tally);
  days.erase(days.begin(), days.upper_bound(days.rbegin()->first - kept));
  return true;
}

void DayTrends::add_run(std::string_view macro_id, WallTime from, WallTime to, const Zone& zone,
                        bool begins) {
  DayTally first;
  first.runs = begins ? 1 : 0;
  if (begins) add(macro_id, local_day(from, zone), first);
  for (const auto& [day, time] : split_by_day(from, to, zone)) {
    DayTally part;
    part.run_time = time;
    add(macro_id, day, part);
  }
}

const DayTrends::Days* DayTrends::find(std::string_view macro_id) const {
  const auto found = macros_.find(macro_id);
  return found == macros_.end() ? nullptr : &found->second;
}

void DayTrends::make_room() {
  const auto least =
      std::min_element(macros_.begin(), macros_.end(), [](const auto& a, const auto& b) {
        return std::pair(runs_of(a.second), a.second.rbegin()->first) <
               std::pair(runs_of(b.second), b.second.rbegin()->first);
      });
  macros_.erase(least);
}

}  // namespace gk::macros
