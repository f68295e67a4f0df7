// lock_table.h: several resources at once, all or none, in order of arrival.
//
// An operation that touches several resources takes all of them in one step, so two operations can
// never each hold what the other wants. Who may conflict with whom is conflict_table.h; lanes with
// priorities, leases and tokens are core.h.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gamekeeper/ids.h"
#include "gamekeeper/result.h"

namespace gk::arbiter {

using LockOwner = Id<struct LockOwnerTag>;

struct LockLimits {
  std::size_t max_owners = 1024;  ///< Holding and waiting. [1, 65536]
  std::size_t max_each = 64;      ///< Resources of one owner. [1, 1024]
  std::size_t max_bytes = 512;    ///< Of a resource's name. [1, 4096]
};

/// Thread:     compatible.
/// Invariants: a resource has at most one holder; an owner holds all it asked for or nothing;
///             nobody overtakes an earlier owner on a shared resource, so nobody starves; a
///             resource that nobody wants takes no memory.
/// Cost:       O(resources of the owner + owners queued on them).
class LockTable {
 public:
  explicit LockTable(LockLimits limits = {}) : limits_(limits) {}

  /// True: `owner` holds all of `resources` now. False: it waits; release() of another says when.
  /// Errors: already_exists (owner), invalid_argument (none, too many, or a name of a bad length),
  ///         resource_exhausted (max_owners). Then nothing was taken.
  Result<bool> acquire(LockOwner owner, const std::vector<std::string>& resources);
  /// Gives back what `owner` holds, or ends its wait. Returns those that hold theirs from now on,
  /// in order of arrival. Nothing for an unknown owner.
  std::vector<LockOwner> release(LockOwner owner);

  bool holds(LockOwner owner) const;
  std::size_t owners() const { return owners_.size(); }
  std::size_t resources() const { return queues_.size(); }

 private:
  using Seat = std::uint64_t;  // Order of arrival.
  struct Entry {
    Seat seat = 0;
    bool holds = false;
    std::set<std::string> resources;
  };
  bool first_everywhere(const Entry& entry) const;

  const LockLimits limits_;
  std::map<LockOwner, Entry> owners_;
  std::map<std::string, std::map<Seat, LockOwner>> queues_;  // The first one holds, if it is first
                                                             // in all of its queues.
  Seat last_seat_ = 0;
};

}  // namespace gk::arbiter
