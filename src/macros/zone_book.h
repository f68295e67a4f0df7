// zone_book.h: the time zones that profiles name, read once each.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gamekeeper/result.h"
#include "macros/rules/zone.h"

namespace gk::macros {

/// Thread: loop.
/// Invariants: a zone that was found stays where it is. At most kMax; the newest is refused.
class ZoneBook {
 public:
  static constexpr std::size_t kMax = 700;  // Source: the IANA database names some 600.
  using Load = std::function<Result<Zone>(const std::string& name)>;

  explicit ZoneBook(Load load) : load_(std::move(load)) {}

  /// Null: the system has no such zone, or there are too many. The first call for a name reads it.
  const Zone* find(const std::string& name);

 private:
  const Load load_;
  std::map<std::string, std::unique_ptr<const Zone>> zones_;
};

}  // namespace gk::macros
