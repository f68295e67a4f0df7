// lane_word.h: the state of a lane in one word, for acquire and release without a lock.
//
// `slow` means that Core decides, under the gate's mutex. Otherwise one compare-exchange grants
// and one releases. Token and epoch make each state of a lane's life a different word, so a word
// that was read and is still there has not changed in between.

#pragma once

#include <cstdint>

namespace gk::arbiter {

enum class LaneMode : std::uint8_t { free = 0, held = 1, slow = 2 };

/// The word, unpacked.
struct LaneWord {
  LaneMode mode = LaneMode::slow;
  std::uint32_t epoch = 0;  ///< Counts changes from slow to free. 6 bits, wraps.
  std::uint32_t burst = 0;  ///< Grants in a row of the last group. 4 bits.
  std::uint32_t actor = 0;  ///< Holder, or who held it last. 10 bits.
  std::uint64_t token = 0;  ///< Last token given out, its low 42 bits.

  static constexpr std::uint64_t kTokenMask = (std::uint64_t{1} << 42) - 1;

  constexpr std::uint64_t pack() const {
    return static_cast<std::uint64_t>(mode) | std::uint64_t{epoch & 63U} << 2 |
           std::uint64_t{burst & 15U} << 8 | std::uint64_t{actor & 1023U} << 12 | token << 22;
  }
  static constexpr LaneWord unpack(std::uint64_t word) {
    return {static_cast<LaneMode>(word & 3U), static_cast<std::uint32_t>(word >> 2 & 63U),
            static_cast<std::uint32_t>(word >> 8 & 15U),
            static_cast<std::uint32_t>(word >> 12 & 1023U), word >> 22};
  }
};

}  // namespace gk::arbiter
