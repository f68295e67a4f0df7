// seeded_random.h: the same "random" bytes in every run. Never for secrets.

#pragma once

#include "base/random.h"

namespace gk {

/// splitmix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
/// Thread: compatible.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < out.size(); ++i, word >>= 8) {
      if (i % 8 == 0) word = next();
      out[i] = static_cast<std::uint8_t>(word);
    }
  }
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// In [0, n). Requires: n > 0.
  std::uint64_t below(std::uint64_t n) { return next() % n; }

 private:
  std::uint64_t state_;
};

}  // namespace gk
