// gcra.h: the rate limiter (generic cell rate algorithm) over a bounded table of keys.
//
// A key costs one number: the theoretical arrival time (TAT) up to which its budget is spent. No
// timers and no windows, so no edge at which a window's budget can be used twice.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "gamekeeper/time.h"

namespace gk {

/// `burst` at once, then one every `period`.
struct GcraRate {
  Nanos period{Seconds(6)};  ///< [1 ms, 1 d]
  std::uint32_t burst = 10;  ///< [1, 10'000]
};

/// The answer for one attempt.
struct GcraDecision {
  bool allowed = true;
  Nanos retry_after{0};  ///< Until the next attempt would pass; 0 when allowed.
};

/// Budgets of many keys at one rate.
///
/// Thread: compatible.
/// Bounds: at most `max_keys` keys. A new key in a full table takes the place of the key that has
///         the most budget left (its TAT is earliest): it loses the least.
/// Cost:   O(1); O(max_keys) when the table is full.
/// Source: ITU-T I.371 annex A, virtual scheduling.
class GcraTable {
 public:
  GcraTable(GcraRate rate, std::size_t max_keys);

  /// Spends one unit of `key`'s budget when there is one.
  /// Requires: `now` never decreases from call to call, here and below.
  GcraDecision take(std::string_view key, MonoTime now);
  /// Gives back a unit that take() spent: the attempt turned out to be legitimate.
  void give_back(std::string_view key, MonoTime now);
  std::size_t size() const { return spent_until_.size(); }

 private:
  void make_room(MonoTime now);

  GcraRate rate_;
  std::size_t max_keys_;
  boost::unordered_flat_map<std::string, MonoTime> spent_until_;  // TAT by key.
};

}  // namespace gk
