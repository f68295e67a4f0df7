// zone.h: the offsets of one time zone, as data. Reading them from the system is time_zone.h of the
// room.

#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "gamekeeper/time.h"

namespace gk::macros {

/// A zone's name and its changes, oldest first.
/// Thread: immutable once made.
struct Zone {
  struct Change {
    WallTime at;     ///< First moment with the offset.
    Seconds offset;  ///< Local time less UTC.
  };
  std::string name = "UTC";
  std::vector<Change> changes;  ///< Before the first: UTC.

  /// The stretch of constant offset around a moment; its bounds may be the ends of time.
  struct Stretch {
    WallTime begin = WallTime::min();
    WallTime end = WallTime::max();
    Seconds offset{0};
  };
  Stretch at(WallTime time) const {
    const auto next = std::upper_bound(changes.begin(), changes.end(), time,
                                       [](WallTime t, const Change& c) { return t < c.at; });
    Stretch out;
    if (next != changes.end()) out.end = next->at;
    if (next != changes.begin()) {
      out.begin = std::prev(next)->at;
      out.offset = std::prev(next)->offset;
    }
    return out;
  }
};

}  // namespace gk::macros
