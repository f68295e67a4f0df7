// monitor_json.h: the JSON of the monitor's answers. Shapes are part of the API (docs/api.md).

#pragma once

#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "base/metrics.h"
#include "monitor/monitor.h"

namespace gk::monitor {

/// Signals in `current`: the first 17 of kSnapshotFields and the score.
inline constexpr std::size_t kCurrentFields = 17;

/// {value, state, reason, at}. A stale value keeps its number; an unknown one has none.
void write_signal(JsonWriter& w, const Signal& signal, MonoTime now);

/// The body of the topic metric:sample: all current signals and the watched processes.
std::string sample_json(const Snapshot& snapshot, MonoTime now);

/// The body of the topic frames:updated: {subjects} as in GET /api/macro-safety/performance.
std::string subjects_json(const Monitor& monitor, MonoTime now);

/// When that topic is due: at most each 500 ms, for 256 subjects make 0.5 MB, and not when there is
/// nothing new.
/// Thread: compatible.
class SubjectsFrame {
 public:
  /// The body to send; null: none is due. Valid until the next call.
  const std::string* next(const Monitor& monitor, MonoTime now);

  static constexpr Nanos kEvery = Millis(500);  // Source: as often as the dashboard shows numbers.

 private:
  std::string body_;
  MonoTime due_ = MonoTime::min();
};

/// {timestamp, from, to, count, min, max, avg, p95, p99}; `timestamp` is `from`.
void write_aggregate(JsonWriter& w, const Aggregate& item);

enum class SeriesDetail : std::uint8_t { points, aggregates };
/// {name, unit, points} of a series as the body of GET /api/metrics/series, and with the aggregates
/// themselves when asked for.
std::string series_json(std::string_view name, const Monitor::SeriesAnswer& answer,
                        SeriesDetail detail = SeriesDetail::points);

/// The registry as {items, next_cursor}: items `skip` to `skip` + `limit` of those of `type`
/// (empty: all).
std::string metrics_json(const Metrics& metrics, std::string_view type, std::size_t skip,
                         std::size_t limit);

/// The body of GET /api/macro-safety/performance, made once a snapshot and at least once a second
/// (a signal goes stale without a new snapshot): answering costs one copy.
/// Thread: loop.
class PerformanceBody {
 public:
  const std::string& get(const Monitor& monitor, MonoTime now);

 private:
  std::string body_;
  std::uint64_t number_ = 0;
  MonoTime made_{};
};

}  // namespace gk::monitor
