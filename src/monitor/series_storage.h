// series_storage.h: what the monitor asks of telemetry.db. An interface, because the service is
// tested without SQLite (a fake) and runs without a store; series_store.h is the real one.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"
#include "monitor/rules/series_set.h"

namespace gk::monitor {

/// What one series has to save.
struct SeriesChange {
  SeriesKey key;
  std::string unit;
  std::vector<Sample> raw;            ///< New since the last save.
  std::vector<Aggregate> aggregates;  ///< New since the last save.
  WallTime raw_from{};  ///< Older raw samples are in aggregates: they may go after an hour.
};

/// What a save also removes.
enum class Sweep : std::uint8_t {
  none,
  by_number,  ///< What exceeds the store's limits; the oldest saved goes.
  by_age,     ///< That, and what is past its retention or lies in the future.
};

struct SeriesBatch {
  std::vector<SeriesChange> changes;
  WallTime now{};
  Sweep sweep = Sweep::none;
};

/// A series as it was saved, in order of time.
struct SavedSeries {
  SeriesKey key;
  std::string unit;
  std::vector<Aggregate> aggregates;
  std::vector<Sample> raw;
};

/// Thread: safe to call from the loop; callbacks come on the loop.
class SeriesStorage {
 public:
  virtual ~SeriesStorage() = default;
  /// Queues a batch. Never blocks. `done` (may be null) comes after the commit.
  virtual void save(SeriesBatch batch, std::function<void(Result<void>)> done) = 0;
  /// Reads what belongs into memory after a start.
  using Loaded = std::function<void(Result<std::vector<SavedSeries>>)>;
  virtual void load(const SeriesLimits& limits, WallTime now, Loaded done) = 0;
  /// Reads one series between two times. An unknown series has no samples.
  using Queried = std::function<void(Result<SavedSeries>)>;
  virtual void query(const SeriesKey& key, WallTime from, WallTime to, Queried done) = 0;

  // Of the series `names` about one subject, for its export and deletion.
  using Exported = std::function<void(Result<std::vector<SavedSeries>>)>;
  virtual void export_subject(const std::string& subject, std::vector<std::string> names,
                              Exported done) = 0;
  /// True to `done`: something was there. Comes behind every batch that was handed in before.
  using Erased = std::function<void(Result<bool>)>;
  virtual void erase_subject(const std::string& subject, std::vector<std::string> names,
                             Erased done) = 0;
};

}  // namespace gk::monitor
