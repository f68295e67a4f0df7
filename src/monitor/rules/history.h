// history.h: the last snapshots, for decisions. Bounded; averages over a time window ignore values
// that were unknown or stale and say how many they used. Long-term values are series.h.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/ring.h"
#include "monitor/rules/snapshot.h"

namespace gk::monitor {

/// Window of the averages in the API. Source: monitor specification, History and series.
inline constexpr Nanos kAverageWindow = Seconds(30);
/// Snapshots kept. Source: monitor specification, History and series.
inline constexpr std::size_t kHistorySize = 100;

/// A mean and what it stands on.
struct Average {
  std::optional<double> value;    ///< Empty when no value in the window was known.
  std::size_t samples_used = 0;   ///< Distinct known measurements.
  std::size_t samples_total = 0;  ///< Snapshots in the window.
  Nanos window{};
};

/// The newest `capacity` snapshots; the oldest loses.
/// Thread: compatible.
class History {
 public:
  using Item = std::shared_ptr<const Snapshot>;  // Also owned by the sampler and by readers.

  explicit History(std::size_t capacity = kHistorySize) : items_(capacity) {}

  /// Requires: `snapshot` is not null and not older than the newest (it is ignored otherwise).
  void push(Item snapshot);

  /// Mean of one signal over (now - window, now].
  /// A signal that is measured more rarely than snapshots are taken counts once a measurement.
  /// Cost: O(snapshots in the window), no allocation.
  Average average(Signal Snapshot::* signal, Nanos window, MonoTime now) const;

  std::size_t size() const { return items_.size(); }
  std::size_t capacity() const { return items_.capacity(); }
  /// Item `i`, oldest first. Requires: i < size().
  const Item& operator[](std::size_t i) const { return items_[i]; }
  /// The newest; null pointer when empty.
  Item latest() const { return items_.empty() ? nullptr : items_.back(); }

 private:
  Ring<Item> items_;
};

}  // namespace gk::monitor
