#include "base/mutex.h"

#include <array>

#include "base/assert.h"

namespace gk {
namespace {
#ifndef NDEBUG
/// Ranks held by this thread, in the order of locking.
struct HeldRanks {
  std::array<std::uint8_t, 16> ranks{};
  std::size_t count = 0;
};
thread_local HeldRanks held;
#endif
}  // namespace

void Mutex::lock() {
#ifndef NDEBUG
  const auto rank = static_cast<std::uint8_t>(rank_);
  GK_ASSERT(held.count < held.ranks.size());
  GK_ASSERT(held.count == 0 || held.ranks[held.count - 1] < rank);  // increasing order only
  held.ranks[held.count++] = rank;
#endif
  mu_.lock();
}

void Mutex::unlock() {
  mu_.unlock();
#ifndef NDEBUG
  GK_ASSERT(held.count > 0);
  --held.count;
#endif
}

}  // namespace gk
