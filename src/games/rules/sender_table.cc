#include "games/rules/sender_table.h"

#include <algorithm>

namespace gk::games {

SenderTable::Slot* SenderTable::find(std::string_view name) {
  if (name.empty()) return nullptr;
  for (Slot& slot : slots_) {
    if (slot.view() == name) return &slot;
  }
  return nullptr;
}

SenderTable::Slot* SenderTable::use(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return nullptr;
  Slot* slot = find(name);
  if (slot == nullptr) {
    for (Slot& other : slots_) {
      const bool idle = !other.fenced && other.waiting == 0 && other.interval == Nanos(0);
      if (idle && (slot == nullptr || other.used < slot->used)) slot = &other;
    }
    if (slot == nullptr) return nullptr;
    *slot = Slot{};
    std::copy(name.begin(), name.end(), slot->name.begin());
    slot->length = static_cast<std::uint8_t>(name.size());
  }
  slot->used = ++calls_;
  return slot;
}

}  // namespace gk::games
