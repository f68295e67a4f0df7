#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "base/assert.h"

namespace gk {
namespace {
constexpr char kHex[] = "0123456789abcdef";

void append_hex(std::string& out, std::uint8_t byte) {
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}
}  // namespace

void SystemRandom::fill(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::getrandom(out.data() + done, out.size() - done, 0);
    if (n < 0 && errno == EINTR) continue;
    GK_ASSERT(n > 0);  // getrandom without flags fails only for bad arguments
    done += static_cast<std::size_t>(n);
  }
}

std::string random_hex(Random& random, std::size_t bytes) {
  std::string out;
  out.reserve(bytes * 2);
  for (std::size_t i = 0; i < bytes; i += 8) {
    std::uint64_t word = random.u64();
    for (std::size_t j = i; j < bytes && j < i + 8; ++j, word >>= 8) {
      append_hex(out, static_cast<std::uint8_t>(word));
    }
  }
  return out;
}

std::string uuid_v7(Random& random, std::uint64_t unix_ms) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  for (int i = 0; i < 6; ++i)
    bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(unix_ms >> (40 - 8 * i));
  bytes[6] = static_cast<std::uint8_t>(0x70 | (bytes[6] & 0x0f));
  bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    append_hex(out, bytes[i]);
  }
  return out;
}

}  // namespace gk
