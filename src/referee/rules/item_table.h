// item_table.h: which items were taken: a fixed-size set of ids, allocated once.

#pragma once

#include <cstdint>
#include <vector>

namespace gk::referee {

/// Open-addressed set of at most `limit` ids. Thread: compatible. Cost: O(1), allocates at birth.
class ItemTable {
 public:
  enum class Added : std::uint8_t { yes, taken, full };

  explicit ItemTable(std::uint32_t limit) : limit_(limit), slots_(slots_for(limit)) {}

  Added add(std::uint64_t item) {
    // splitmix64's finaliser spreads neighbouring ids.
    std::uint64_t hash = (item ^ (item >> 30U)) * 0xbf58476d1ce4e5b9U;
    hash ^= hash >> 27U;
    for (std::size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
      if (!slots_[i].used) {
        if (size_ >= limit_) return Added::full;
        slots_[i] = {item, true};
        ++size_;
        return Added::yes;
      }
      if (slots_[i].item == item) return Added::taken;
    }
  }
  void clear() {
    for (Slot& slot : slots_) slot.used = false;
    size_ = 0;
  }

 private:
  struct Slot {
    std::uint64_t item = 0;
    bool used = false;
  };
  static std::size_t slots_for(std::uint32_t limit) {
    std::size_t slots = 16;
    while (slots < std::size_t{2} * limit) slots *= 2;
    return slots;
  }
  std::uint32_t limit_;
  std::uint32_t size_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace gk::referee
