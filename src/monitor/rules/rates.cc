#include "monitor/rules/rates.h"

#include <algorithm>

namespace gk::monitor {
namespace {

double delta(std::uint64_t before, std::uint64_t after) {
  return after > before ? static_cast<double>(after - before) : 0.0;
}

double share_used(std::uint64_t total, std::uint64_t free) {
  if (total == 0) return 0;
  const double used = static_cast<double>(total - std::min(free, total));
  return 100.0 * used / static_cast<double>(total);
}

}  // namespace

std::optional<CpuShares> cpu_shares(const CpuTimes& before, const CpuTimes& after) {
  const double busy = delta(before.user, after.user) + delta(before.nice, after.nice) +
                      delta(before.system, after.system) + delta(before.irq, after.irq) +
                      delta(before.softirq, after.softirq) + delta(before.steal, after.steal);
  const double iowait = delta(before.iowait, after.iowait);
  const double total = busy + iowait + delta(before.idle, after.idle);
  if (total <= 0) return std::nullopt;
  return CpuShares{.usage = 100.0 * busy / total,
                   .iowait = 100.0 * iowait / total,
                   .steal = 100.0 * delta(before.steal, after.steal) / total};
}

std::optional<double> per_second(std::uint64_t before, std::uint64_t after, Nanos elapsed) {
  if (elapsed <= Nanos(0) || after < before) return std::nullopt;
  return static_cast<double>(after - before) / std::chrono::duration<double>(elapsed).count();
}

double memory_usage_pct(const Meminfo& info) { return share_used(info.total, info.available); }
double swap_usage_pct(const Meminfo& info) { return share_used(info.swap_total, info.swap_free); }

}  // namespace gk::monitor
