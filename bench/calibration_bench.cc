// calibration_bench: a fixed piece of work, so that figures of different moments and machines can
// be compared as ratios to it (bench/regression.py). Half arithmetic in cache, half walks through
// memory, because the figures that it calibrates are a mixture of both.
//
// Prints the CPU time of one round in ns: the lowest of many, which is the machine undisturbed.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <limits>
#include <vector>

namespace {

std::int64_t cpu_ns() {
  timespec ts{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

// Source: xorshift64, Marsaglia 2003.
std::uint64_t next(std::uint64_t x) {
  x ^= x << 13;
  x ^= x >> 7;
  return x ^ (x << 17);
}

constexpr int kRounds = 200;
constexpr int kSteps = 100'000;
constexpr std::size_t kWords = 1U << 20;  // 8 MiB: larger than the second-level cache

}  // namespace

int main() {
  std::vector<std::uint64_t> memory(kWords);
  std::uint64_t x = 88'172'645'463'325'252;
  for (auto& word : memory) word = x = next(x);
  std::int64_t best = std::numeric_limits<std::int64_t>::max();
  std::uint64_t sum = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t begin = cpu_ns();
    for (int i = 0; i < kSteps; ++i) sum += x = next(x);
    for (int i = 0; i < kSteps / 10; ++i) sum += memory[(x = next(x)) % kWords];
    best = std::min(best, cpu_ns() - begin);
  }
  std::printf("%lld %llu\n", static_cast<long long>(best),
              static_cast<unsigned long long>(sum & 1));
  return 0;
}
