#include "macros/rules/quarter_tally.h"

#include <algorithm>

namespace gk::macros {
namespace {

void raise(std::optional<double>& peak, const std::optional<double>& by) {
  if (by) peak = std::max(peak.value_or(*by), *by);
}

}  // namespace

Quarter quarter_of(WallTime at) {
  const Micros since = at.time_since_epoch();
  return since / kQuarter - (since % kQuarter < Micros(0) ? 1 : 0);
}

std::vector<std::pair<Quarter, Micros>> split_by_quarter(WallTime from, WallTime to) {
  std::vector<std::pair<Quarter, Micros>> out;
  while (from < to) {
    const Quarter quarter = quarter_of(from);
    const WallTime end = std::min(to, quarter_start(quarter + 1));
    out.emplace_back(quarter, end - from);
    from = end;
  }
  return out;
}

std::optional<double> QuarterTally::demand_mean_pct() const {
  if (demand_known <= Micros(0)) return std::nullopt;
  return demand_pct_s / std::chrono::duration<double>(demand_known).count();
}

std::uint64_t QuarterTally::cancelled() const {
  std::uint64_t all = 0;
  for (const auto& [rule, count] : cancellations) all += count;
  return all;
}

void add_tally(QuarterTally& a, const QuarterTally& b) {
  a.runs += b.runs;
  a.run_time += b.run_time;
  a.commands += b.commands;
  a.commands_failed += b.commands_failed;
  a.warnings += b.warnings;
  a.throttles += b.throttles;
  a.pauses += b.pauses;
  for (const auto& [rule, count] : b.cancellations) a.cancellations[rule] += count;
  a.demand_known += b.demand_known;
  a.demand_pct_s += b.demand_pct_s;
  raise(a.demand_peak_pct, b.demand_peak_pct);
  raise(a.memory_peak_pct, b.memory_peak_pct);
}

QuarterTally* PendingTallies::at(Quarter quarter, std::string_view macro_id,
                                 std::string_view macro_name, std::string_view game) {
  TallyKey key{quarter, std::string(macro_id), std::string(game)};
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= limit_) {
      ++lost_;
      return nullptr;
    }
    found = entries_.emplace(std::move(key), Entry{}).first;
  }
  if (found->second.macro_name != macro_name) found->second.macro_name = macro_name;
  return &found->second.tally;
}

void PendingTallies::put_back(Entries entries) {
  for (auto& [key, entry] : entries) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      add_tally(found->second.tally, entry.tally);
    } else if (entries_.size() < limit_) {
      entries_.emplace(key, std::move(entry));
    } else {
      ++lost_;
    }
  }
}

}  // namespace gk::macros
