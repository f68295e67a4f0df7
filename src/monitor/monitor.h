// monitor.h: the monitor's service. It owns the sampler, the history for decisions, the series for
// people, and the performance context; other rooms subscribe to its snapshots.
//
// HTTP is routes.h, health is health.h, saving is series_store.h. Design: docs/monitor.md.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/topic.h"
#include "monitor/rules/history.h"
#include "monitor/rules/performance_set.h"
#include "monitor/rules/retention_guard.h"
#include "monitor/rules/series_points.h"
#include "monitor/rules/series_set.h"
#include "monitor/sampler.h"
#include "monitor/series_storage.h"

namespace gk::monitor {

class MonitorGauges;

struct MonitorOptions {
  SamplerOptions sampler = {};
  std::size_t history_size = kHistorySize;  ///< Snapshots. [1, 10'000]
  SeriesSetLimits series = {};
  Nanos save_every = Seconds(10);  ///< Raw samples that a crash may cost. [1 s, 10 min]
  bool watch_self = true;          ///< As subject "self".
};

/// Something a person should hear about.
struct SystemAlert {
  std::string event;  ///< "series.memory".
  std::string message;
  bool active = true;  ///< False: it is over.
};

/// Thread: loop, except where a function says "safe".
/// Degraded: without a storage, series live in memory only.
class Monitor {
 public:
  using Published = Sampler::Published;
  /// Runs a task on the loop thread, from any thread: net::Loop::post, or a test's queue.
  using Post = std::function<void(std::function<void()>)>;

  /// `storage` may be null. References and `storage` outlive the monitor; the loop may not run
  /// tasks of it after its destruction (they are ignored).
  Monitor(MonitorOptions options, Post post, const Clock& clock, Log& log, Metrics& metrics,
          SeriesStorage* storage);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// Starts reading what was saved, and sampling.
  /// Errors: resource_exhausted (no descriptors).
  Result<void> start();
  /// Stops sampling and saves what is not saved.
  void stop();

  Topic<Published>& snapshots() { return snapshots_; }
  Topic<SystemAlert>& alerts() { return alerts_; }
  Published latest() const { return sampler_.latest(); }  ///< Safe. Null before the first.
  const History& history() const { return history_; }
  const SeriesSet& series() const { return series_; }
  const PerformanceSet& performance() const { return performance_; }

  /// Safe. See Sampler.
  Result<void> set_interval(Nanos interval) { return sampler_.set_interval(interval); }
  Nanos interval() const { return sampler_.interval(); }
  [[nodiscard]] Sampler::FastHold hold_fast() { return sampler_.hold_fast(); }
  Result<void> watch(std::string_view subject, int pid) { return sampler_.watch(subject, pid); }
  void unwatch(std::string_view subject) { sampler_.unwatch(subject); }

  /// Issues as they are raised. Each says who says so; whoever decides by them must ask.
  Topic<PerformanceIssue>& issues() { return issues_; }

  /// Hands in fps, tick_ratio, latency or response_time, or the duration of one frame as frame_ms,
  /// from which fps follows once there are 30. `period`: when the next is expected; learned from
  /// arrivals when not given.
  /// Errors: invalid_argument, resource_exhausted; see ExternalSignals::submit().
  Result<void> submit_sample(std::string_view signal, double value, std::string_view subject,
                             SampleSource source, std::optional<Nanos> period = {});

  /// The frames of a game that counts them in `memory`, as claims; see Sampler.
  Result<FrameReader::PageId> read_frames(std::string_view subject, int memory) {
    return sampler_.read_frames(subject, memory);
  }
  void end_frames(FrameReader::PageId page, std::string_view reason) {
    sampler_.end_frames(page, reason);
  }

  /// A series between two times, from memory and, when older, from the store. `done` comes on the
  /// loop, perhaps before this returns.
  struct SeriesAnswer {
    std::string unit;
    std::vector<SeriesPoint> points;
    std::vector<Aggregate> aggregates;  ///< Those that the window touches.
  };
  using SeriesDone = std::function<void(Result<SeriesAnswer>)>;
  /// The same as it was recorded: samples where they are, aggregates where not. An unknown series
  /// has nothing.
  void query_recorded(std::string_view name, std::string_view subject, WallTime from, WallTime to,
                      SeriesStorage::Queried done);
  void query_series(std::string_view name, std::string_view subject, const SeriesWindow& window,
                    SeriesDone done);

  /// What a client handed in about `subject`: its series, from memory and the store. Watched
  /// processes of that name are not part of it. `done` as in query_series().
  void export_subject(const std::string& subject, SeriesStorage::Exported done);
  /// Forgets it, in memory and on disk. Errors to `done`: not_found (nothing was known), the
  /// store's (then memory has forgotten it already).
  void erase_subject(const std::string& subject, std::function<void(Result<void>)> done);

  /// Takes one snapshot now, on this thread. For tests. Requires: not started.
  void sample_for_test();

 private:
  struct Inbox;
  using Folds = std::map<SeriesKey, std::vector<Aggregate>>;

  Result<void> submit_frame(std::string_view subject, SampleSource source, double frame_ms,
                            std::optional<Nanos> period);
  /// Lets `tell` tell the subject's context something, and announces what that raised. False: past
  /// the limit of subjects.
  bool tell(std::string_view subject, SampleSource source, MonoTime now,
            const std::function<void(PerformanceContext&)>& tell);
  void take_frames(MonoTime now);
  void arrive(Published snapshot);
  void drain();
  void handle(const Published& snapshot);
  void record(const Snapshot& snapshot);
  void record(std::string_view name, std::string_view subject, std::string_view unit,
              const Signal& signal, MonoTime now);
  void restore(Result<std::vector<SavedSeries>> saved);
  void save(WallTime now, Sweep sweep);
  void saved(const Result<void>& result);
  void keep_fold(Folds& folds, const SeriesKey& key, const Aggregate& made) const;
  void check_memory();
  void housekeeping(const Snapshot& snapshot);

  const MonitorOptions options_;
  const Post post_;
  const Clock& clock_;
  Log& log_;
  SeriesStorage* const storage_;

  Sampler sampler_;
  History history_;
  SeriesSet series_;
  PerformanceSet performance_;
  Topic<Published> snapshots_;
  Topic<SystemAlert> alerts_;
  Topic<PerformanceIssue> issues_;

  Folds unsaved_folds_;
  Folds folds_under_way_;  // Handed to the storage, not yet confirmed.
  bool saving_ = false;    // One batch at a time; a failed one is tried again with the next.
  RetentionGuard retention_;
  bool restored_ = false;  // Until then snapshots wait in the history.
  bool memory_alert_ = false;
  bool running_ = false;
  MonoTime next_save_ = MonoTime::min();
  MonoTime next_sweep_ = MonoTime::min();
  std::unique_ptr<MonitorGauges> gauges_;
  std::shared_ptr<Inbox> inbox_;  // Shared with tasks that are posted and not yet run.
};

}  // namespace gk::monitor
