// calibration_bench: fixed pieces of work, so that figures of different moments and machines can be
// compared as ratios to them (bench/regression.py). One piece is not enough: a neighbour on the
// same physical core halves what runs many instructions at once and leaves a chain of dependent
// ones alone (docs/decisions/0043).
//
// Usage: calibration_bench [rounds]. Prints the median CPU time of a round of each in ns, as one
// JSON object. Without libraries of ours, so that no change of theirs moves the measure.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <numeric>
#include <string>
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

std::uint64_t sum = 88'172'645'463'325'252;  // What the pieces of work come to.

/// Each instruction waits for the one before: the clock rate and nothing else.
void chain() {
  for (int i = 0; i < 25'000; ++i) sum = next(sum);
}

/// Six chains at once, in registers: how many instructions a cycle this core is given.
void wide() {
  std::uint64_t a = sum, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5;
  for (int i = 0; i < 25'000; ++i) {
    a = next(a), b = next(b), c = next(c), d = next(d), e = next(e), f = next(f);
    asm("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));  // Not as vectors.
  }
  sum = a ^ b ^ c ^ d ^ e ^ f;
}

/// A walk in random order: what memory makes one wait, when each step is known only after the one
/// before, and when many are under way at once.
class Walk {
 public:
  explicit Walk(std::size_t words) : ring_(words) {
    std::iota(ring_.begin(), ring_.end(), 0U);
    for (std::size_t i = words - 1; i > 0; --i) {  // Sattolo: one ring through all of them.
      sum = next(sum);
      std::swap(ring_[i], ring_[sum % i]);
    }
  }
  void step_by_step(int steps) {
    for (int i = 0; i < steps; ++i) at_ = ring_[at_];
    sum += at_;
  }
  void at_once(int steps) {
    std::uint64_t x = sum | 1;
    for (int i = 0; i < steps; ++i) sum += ring_[(x = next(x)) % ring_.size()];
  }

 private:
  std::vector<std::uint32_t> ring_;
  std::uint32_t at_ = 0;
};

/// Text, trees and the allocator: what most of the daemon's own code is made of.
void objects() {
  std::map<std::string, std::unique_ptr<std::string>> tree;
  std::uint64_t x = sum | 1;
  char name[32];
  for (int i = 0; i < 300; ++i) {
    x = next(x);
    std::snprintf(name, sizeof name, "process:macro-%u", static_cast<unsigned>(x % 500));
    auto& value = tree[name];
    if (!value) value = std::make_unique<std::string>();
    value->append(name);
    if (x % 3 == 0) tree.erase(name);
  }
  for (const auto& [key, value] : tree) sum += key.size() + value->size();
}

/// Calls into the kernel, short ones and a file of /proc.
void calls() {
  char text[1024];
  for (int i = 0; i < 40; ++i) {
    const int fd = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0) std::exit(1);
    sum += static_cast<std::uint64_t>(::read(fd, text, sizeof text));
    ::close(fd);
  }
}

/// Memory that the kernel gives and takes back.
void pages() {
  constexpr std::size_t kBytes = 1U << 20;
  void* memory =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::exit(1);
  for (std::size_t i = 0; i < kBytes; i += 4096) static_cast<char*>(memory)[i] = 1;
  ::munmap(memory, kBytes);
}

template <typename Work>
void print(const char* name, int rounds, const char* end, Work work) {
  std::vector<std::int64_t> times;
  for (int i = 0; i < rounds; ++i) {
    const std::int64_t begin = cpu_ns();
    work();
    times.push_back(cpu_ns() - begin);
  }
  std::sort(times.begin(), times.end());
  std::printf("\"%s\":%lld%s", name, static_cast<long long>(times[times.size() / 2]), end);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 100;
  std::printf("{");
  print("chain", rounds, ",", chain);
  print("wide", rounds, ",", wide);
  Walk near(1U << 17), far(1U << 21);  // 512 KiB, in the second-level cache; 8 MiB.
  print("near", rounds, ",", [&] { near.step_by_step(8'000); });
  print("far", rounds, ",", [&] { far.step_by_step(1'000); });
  print("spread", rounds, ",", [&] { far.at_once(5'000); });
  print("objects", rounds, ",", objects);
  print("calls", rounds, ",", calls);
  print("pages", rounds, "}\n", pages);
  return sum == 0 ? 1 : 0;  // Never: it is here so that no piece of work is left out.
}
