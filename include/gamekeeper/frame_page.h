// frame_page.h: the memory in which a game counts its frames for Gamekeeper, as it lies in a memfd.
//
// One writer, the game; the daemon reads copies by pread, so nothing that a game does to its page
// can stop the daemon. frame_ticker.h writes it; another language can, by these rules:
//   1. memfd_create(); ftruncate(sizeof(FramePage)); seal F_SEAL_SHRINK | F_SEAL_GROW; map it.
//   2. Set `magic` and `slots`. All else is 0.
//   3. A frame: make `sequence` odd, put its duration into ring[frames % kFrameSlots], add 1 to
//      `frames`, set `last_ns`, make `sequence` even. The very first tick ends no frame: it sets
//      `last_ns` only.
// How it is handed to the daemon is in docs/frames.md.

#pragma once

#include <cstdint>

namespace gk {

/// "gkframe1" as little-endian bytes.
inline constexpr std::uint64_t kFrameMagic = 0x31656d6172666b67;
/// Durations that the page keeps. Source: chosen; a second of 1,000 frames.
inline constexpr std::uint32_t kFrameSlots = 1024;

/// Little-endian, as x86 and ARM are.
struct FramePage {
  std::uint64_t magic = kFrameMagic;
  std::uint32_t slots = kFrameSlots;
  std::uint32_t sequence = 0;  ///< Odd while the rest is being written.
  std::uint64_t frames = 0;    ///< That have ended.
  std::int64_t last_ns = 0;    ///< CLOCK_MONOTONIC when the last of them ended.
  std::uint32_t ring[kFrameSlots] =
      {};  ///< µs; of frame n (from 0) at n % slots; 2^32 - 1: longer.
};
static_assert(sizeof(FramePage) == 32 + 4 * kFrameSlots);

}  // namespace gk
