#include "macros/zone_book.h"

namespace gk::macros {

const Zone* ZoneBook::find(const std::string& name) {
  if (const auto known = zones_.find(name); known != zones_.end()) return known->second.get();
  if (zones_.size() >= kMax) return nullptr;
  auto zone = load_(name);
  if (!zone) return nullptr;
  return zones_.emplace(name, std::make_unique<const Zone>(std::move(*zone))).first->second.get();
}

}  // namespace gk::macros
