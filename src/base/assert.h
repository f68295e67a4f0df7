// assert.h: for our own bugs only. Outside data never asserts; it is a Result.

#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the process with the location when one of our own invariants is broken. On in all builds.
#define GK_ASSERT(condition)                                                                   \
  do {                                                                                         \
    if (!(condition)) [[unlikely]] {                                                           \
      std::fprintf(stderr, "gamekeeper: broken invariant %s at %s:%d\n", #condition, __FILE__, \
                   __LINE__);                                                                  \
      std::abort();                                                                            \
    }                                                                                          \
  } while (false)

/// The same on a per-packet path: debug builds only.
#ifdef NDEBUG
#define GK_DEBUG_ASSERT(condition) \
  do {                             \
  } while (false)
#else
#define GK_DEBUG_ASSERT(condition) GK_ASSERT(condition)
#endif
