// sender_table.h: who sends commands: fences and paces by name, in memory that is there from the
// start, because a fence must stand also when there is no memory left.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gamekeeper/time.h"

namespace gk::games {

/// Thread: compatible.  Cost: O(slots) a look-up, no allocation after construction.
class SenderTable {
 public:
  static constexpr std::size_t kMaxName = 96;  // Source: chosen: "macro:" and a name of 64.

  struct Slot {
    std::array<char, kMaxName> name{};
    std::uint8_t length = 0;  // 0: free.
    bool fenced = false;
    std::uint32_t waiting = 0;  // Commands that are not written yet.
    std::uint64_t used = 0;     // When, in calls; the oldest idle slot is reused.
    Nanos interval{0};
    MonoTime next{};  // When the sender's own pace lets the next command go.

    std::string_view view() const { return {name.data(), length}; }
  };

  explicit SenderTable(std::size_t slots = 1024) : slots_(slots) {}

  /// Null: unknown.
  Slot* find(std::string_view name);
  /// The slot of `name`, made when needed. Null: the name is empty or too long, or every slot is
  /// fenced, paced or has commands waiting: then nobody new may send, rather than a fence fall.
  Slot* use(std::string_view name);
  std::size_t size() const { return slots_.size(); }

 private:
  std::vector<Slot> slots_;
  std::uint64_t calls_ = 0;
};

}  // namespace gk::games
