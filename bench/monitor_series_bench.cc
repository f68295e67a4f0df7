// monitor_series_bench: an hour of virtual time with 100 series at 100 samples a second. Memory has
// to be flat; prints the cost of a sample, the middle one of 100 parts of the hour. One JSON
// object.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "monitor/rules/series_set.h"

namespace {

double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

}  // namespace

int main() {
  using namespace gk;
  constexpr int kTicks = 360'000, kPart = kTicks / 100, kSeries = 100;
  monitor::SeriesSet set;
  std::vector<std::string> subjects;
  for (int i = 0; i < kSeries; ++i) subjects.push_back("client-" + std::to_string(i));
  std::size_t warm = 0, most = 0;
  std::vector<double> parts;
  double start = cpu_seconds();
  for (int tick = 0; tick < kTicks; ++tick) {
    const WallTime wall{Seconds(1'767'225'600) + Millis(10) * tick};
    const MonoTime mono{Seconds(3'600) + Millis(10) * tick};
    for (const auto& subject : subjects) {
      set.record("fps", subject, "1/s", {wall, static_cast<double>(tick % 60)}, mono);
    }
    if (tick == kTicks / 3) warm = set.memory_bytes();
    if (tick > kTicks / 3) most = std::max(most, set.memory_bytes());
    if ((tick + 1) % kPart == 0) {
      const double now = cpu_seconds();
      parts.push_back(now - std::exchange(start, now));
    }
  }
  std::sort(parts.begin(), parts.end());
  const double used = parts[parts.size() / 2];
  const auto stats = set.stats();
  std::printf(
      "{\"bench\":\"monitor_series\",\"samples\":%d,\"ns_per_sample\":%.1f,\"memory_mb\":%.2f,"
      "\"memory_growth_bytes\":%zu,\"aggregations\":%llu,\"dropped\":%llu}\n",
      kTicks * kSeries, used * 1e9 / (kPart * kSeries), stats.memory_mb, most - warm,
      static_cast<unsigned long long>(stats.aggregations_performed),
      static_cast<unsigned long long>(stats.dropped));
  return most == warm && stats.dropped == 0 ? 0 : 1;
}
