// snapshot.h: a value that one writer at a time replaces and any reader copies without waiting.

#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace gk::arbiter {

/// Two buffers, each a seqlock: a reader retries only if two values were published while it
/// copied, so a writer that loses its CPU in the middle delays nobody.
/// Thread: read() safe; publish() by one thread at a time.
template <typename T>
class Snapshot {
 public:
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(std::uint64_t) == 0);

  void publish(const T& value) {
    const std::uint32_t next = current_.load(std::memory_order_relaxed) ^ 1U;
    Buffer& buffer = buffers_[next];
    const auto words = std::bit_cast<Words>(value);
    const std::uint64_t sequence = buffer.sequence.load(std::memory_order_relaxed);
    buffer.sequence.store(sequence + 1, std::memory_order_relaxed);
    for (std::size_t i = 0; i < words.size(); ++i) {
      buffer.words[i].store(words[i], std::memory_order_release);  // not before the odd sequence
    }
    buffer.sequence.store(sequence + 2, std::memory_order_release);
    current_.store(next, std::memory_order_release);
  }

  T read() const {
    for (;;) {
      const Buffer& buffer = buffers_[current_.load(std::memory_order_acquire)];
      const std::uint64_t before = buffer.sequence.load(std::memory_order_acquire);
      Words words;
      for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = buffer.words[i].load(std::memory_order_acquire);
      }
      if (before % 2 == 0 && buffer.sequence.load(std::memory_order_relaxed) == before) {
        return std::bit_cast<T>(words);
      }
    }
  }

 private:
  using Words = std::array<std::uint64_t, sizeof(T) / sizeof(std::uint64_t)>;
  struct Buffer {
    std::atomic<std::uint64_t> sequence{0};
    std::array<std::atomic<std::uint64_t>, sizeof(T) / sizeof(std::uint64_t)> words{};
  };
  std::array<Buffer, 2> buffers_{};
  std::atomic<std::uint32_t> current_{0};
};

}  // namespace gk::arbiter
