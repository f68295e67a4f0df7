// ring.h: the last N of something, without allocation after construction.

#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace gk {

/// Keeps the newest `capacity` items; the oldest loses.
/// Thread: compatible.  Cost: O(1) per call; allocates only while it fills.
template <typename T>
class Ring {
 public:
  explicit Ring(std::size_t capacity) : capacity_(capacity) { GK_ASSERT(capacity > 0); }

  void push(T item) {
    if (items_.size() < capacity_) {
      items_.push_back(std::move(item));
    } else {
      items_[head_] = std::move(item);
      head_ = (head_ + 1) % capacity_;
      ++dropped_;
    }
  }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  std::size_t capacity() const { return capacity_; }
  std::size_t dropped() const { return dropped_; }
  /// Item `i`, oldest first. Requires: i < size().
  const T& operator[](std::size_t i) const { return items_[(head_ + i) % items_.size()]; }
  T& operator[](std::size_t i) { return items_[(head_ + i) % items_.size()]; }
  const T& back() const { return (*this)[size() - 1]; }
  const T& front() const { return (*this)[0]; }
  void clear() {
    items_.clear();
    head_ = 0;
  }

 private:
  std::size_t capacity_;
  std::vector<T> items_;
  std::size_t head_ = 0;  // Index of the oldest once full.
  std::size_t dropped_ = 0;
};

}  // namespace gk
