// rates.h: from two readings of a counter to a rate or a share. Counters may go back (hot-unplugged
// devices, iowait), and two readings may be equal: then there is no number, or a part is 0.

#pragma once

#include <optional>

#include "gamekeeper/time.h"
#include "monitor/rules/proc_parse.h"

namespace gk::monitor {

/// Shares of the time between two readings. Units: % of all of it, 0..100.
struct CpuShares {
  double usage = 0;  ///< All but idle and iowait.
  double iowait = 0;
  double steal = 0;
};

/// Empty when no tick passed between the readings. A field that went back counts as unchanged.
std::optional<CpuShares> cpu_shares(const CpuTimes& before, const CpuTimes& after);

/// Units a second. Empty when no time passed or the counter went back.
std::optional<double> per_second(std::uint64_t before, std::uint64_t after, Nanos elapsed);

/// Memory and swap in use. Units: %.
double memory_usage_pct(const Meminfo& info);
double swap_usage_pct(const Meminfo& info);  ///< 0 without swap.

}  // namespace gk::monitor
