// limits.h: what the system allows this process.

#pragma once

#include <cstdint>

namespace gk::sys {

/// Lets this process open as many files as the system allows it at most: the usual soft limit of
/// 1,024 is less than our connections. Children get their own limit (spawn.h).
/// Returns the limit that holds now.
/// Thread: safe.
std::uint64_t raise_file_limit();

}  // namespace gk::sys
