// random.h: chance through an interface, so that a test can seed it. random.cc is the only file
// that asks the kernel for randomness.

#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace gk {

/// A source of random bytes.
/// Thread: as the implementation says.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;

  std::uint64_t u64() {
    std::uint64_t value = 0;
    fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
    return value;
  }
};

/// getrandom(2): fit for secrets.
/// Thread: safe.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// `bytes` random bytes as lower-case hex. Units: 16 bytes = 128 bit = 32 characters.
std::string random_hex(Random& random, std::size_t bytes);

/// A time-ordered id (UUIDv7, RFC 9562 s5.7) for rows and events.
std::string uuid_v7(Random& random, std::uint64_t unix_ms);

}  // namespace gk
