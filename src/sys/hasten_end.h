// hasten_end.h: lets killed processes die on a busy machine. A killed process needs a turn on a CPU
// to end; beside spinners it waits for one like anybody else.

#pragma once

#include <cstddef>

namespace gk::sys {

/// Raises the priority of `root` and its descendants, all of which must have been sent SIGKILL or
/// die with `root`: a process that is about to end cannot misuse it. Does nothing without
/// CAP_SYS_NICE. Returns how many threads were raised, at most 256.
/// Thread: safe.     Cost: one file a thread, 20 to 40 µs each.
std::size_t hasten_end(int root) noexcept;

}  // namespace gk::sys
