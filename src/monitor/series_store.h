// series_store.h: series in telemetry.db. Raw samples are saved in chunks, one row a series and
// save, because a row a sample is 10 rows at 1 Hz and 100 at 10 Hz. Blocking work runs on the
// writer's thread and on a worker pool; nothing here blocks the loop.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/worker_pool.h"
#include "monitor/series_storage.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::monitor {

/// The tables of the monitor in telemetry.db.
store::RoomMigrations monitor_migrations();

/// Source of the times: monitor specification, History and series; the others are chosen.
struct SeriesRetention {
  Nanos raw_at_least = std::chrono::hours(1);  ///< Raw samples that are in an aggregate too.
  Nanos aggregates = std::chrono::days(30);
  Nanos raw_of_subjects = std::chrono::hours(24);  ///< Raw samples of what is not the machine.
  Nanos future = std::chrono::hours(24);           ///< Further ahead of the clock is removed.
  // Limits by number; the oldest saved goes.
  std::int64_t max_raw = 16'000'000;        ///< Raw samples of all series: 256 MB.
  std::int64_t max_aggregates = 1'000'000;  ///< Of all series: some 100 MB.
  std::int64_t max_series = 10'000;         ///< Those without recent samples go.
};

/// Thread: loop; callbacks come through `post`.
class SeriesStore final : public SeriesStorage {
 public:
  using Post = std::function<void(std::function<void()>)>;

  /// `path` is the file that `writer` writes; it is read through short read-only connections.
  /// Requires: migrated; the references outlive the store and everything posted.
  SeriesStore(store::Writer& writer, std::string path, WorkerPool& pool, Post post,
              SeriesRetention retention = {});

  void save(SeriesBatch batch, std::function<void(Result<void>)> done) override;
  void load(const SeriesLimits& limits, WallTime now, Loaded done) override;
  void query(const SeriesKey& key, WallTime from, WallTime to, Queried done) override;
  void export_subject(const std::string& subject, std::vector<std::string> names,
                      Exported done) override;
  void erase_subject(const std::string& subject, std::vector<std::string> names,
                     Erased done) override;

 private:
  store::Writer& writer_;
  const std::string path_;
  WorkerPool& pool_;
  const Post post_;
  const SeriesRetention retention_;
};

/// The chunk format: for each sample its time (µs since the epoch, int64) and value (double), both
/// little-endian, 16 bytes together.
store::Blob encode_samples(std::span<const Sample> samples);
/// Appends the samples of a chunk; false when its length is not a multiple of 16 (nothing
/// appended).
bool decode_samples(std::span<const std::uint8_t> blob, std::vector<Sample>& out);

}  // namespace gk::monitor
