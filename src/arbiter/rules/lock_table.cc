#include "arbiter/rules/lock_table.h"

#include <algorithm>

namespace gk::arbiter {

bool LockTable::first_everywhere(const Entry& entry) const {
  return std::all_of(entry.resources.begin(), entry.resources.end(), [&](const std::string& name) {
    return queues_.at(name).begin()->first == entry.seat;
  });
}

Result<bool> LockTable::acquire(LockOwner owner, const std::vector<std::string>& resources) {
  if (resources.empty() || resources.size() > limits_.max_each) {
    return Error{Errc::invalid_argument,
                 "expected 1 to " + std::to_string(limits_.max_each) + " resources"};
  }
  for (const std::string& name : resources) {
    if (name.empty() || name.size() > limits_.max_bytes) {
      return Error{Errc::invalid_argument, "expected a resource's name of 1 to " +
                                               std::to_string(limits_.max_bytes) + " bytes"};
    }
  }
  if (owners_.contains(owner)) return Error{Errc::already_exists, "that owner holds or waits"};
  if (owners_.size() >= limits_.max_owners) {
    return Error{Errc::resource_exhausted, "the lock table is full"};
  }
  Entry& entry = owners_[owner];
  entry.seat = ++last_seat_;
  entry.resources.insert(resources.begin(), resources.end());
  for (const std::string& name : entry.resources) queues_[name].emplace(entry.seat, owner);
  entry.holds = first_everywhere(entry);
  return entry.holds;
}

std::vector<LockOwner> LockTable::release(LockOwner owner) {
  const auto found = owners_.find(owner);
  if (found == owners_.end()) return {};
  const Entry gone = std::move(found->second);
  owners_.erase(found);
  std::map<Seat, LockOwner> behind;  // Those that may have become first.
  for (const std::string& name : gone.resources) {
    const auto queue = queues_.find(name);
    queue->second.erase(gone.seat);
    if (queue->second.empty()) {
      queues_.erase(queue);
    } else {
      behind.insert(*queue->second.begin());
    }
  }
  std::vector<LockOwner> out;
  for (const auto& [seat, next] : behind) {
    Entry& entry = owners_.at(next);
    if (entry.holds || !first_everywhere(entry)) continue;
    entry.holds = true;
    out.push_back(next);
  }
  return out;
}

bool LockTable::holds(LockOwner owner) const {
  const auto found = owners_.find(owner);
  return found != owners_.end() && found->second.holds;
}

}  // namespace gk::arbiter
