#include "monitor/monitor.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/mutex.h"
#include "base/span.h"
#include "base/try.h"
#include "monitor/monitor_gauges.h"
#include "monitor/rules/snapshot_fields.h"

namespace gk::monitor {
namespace {

// Snapshots that wait for a loop that is busy; the oldest loses. Source: as the history.
constexpr std::size_t kMaxInbox = 100;
// Source: chosen; retention is counted in hours and days.
constexpr Nanos kSweepEvery = std::chrono::minutes(10);

// What one frame may take. Source: the range of fps (10,000) and of an interval (60 s).
constexpr double kMinFrameMs = 0.1, kMaxFrameMs = 60'000;

struct ProcessField {
  std::string_view name, unit;
  Signal ProcessSample::* member;
};
constexpr std::array<ProcessField, 3> kProcessFields = {{
    {"process_cpu_pct", "%", &ProcessSample::cpu_pct},
    {"process_demand_pct", "%", &ProcessSample::demand_pct},
    {"process_rss_bytes", "B", &ProcessSample::rss_bytes},
}};

/// What the store has and what memory has, in order of time; an aggregate that both have once.
SavedSeries merged(SavedSeries older, const SavedSeries& memory) {
  older.raw.insert(older.raw.end(), memory.raw.begin(), memory.raw.end());
  auto& folds = older.aggregates;
  folds.insert(folds.end(), memory.aggregates.begin(), memory.aggregates.end());
  std::sort(folds.begin(), folds.end(),
            [](const Aggregate& a, const Aggregate& b) { return a.from < b.from; });
  folds.erase(std::unique(folds.begin(), folds.end(),
                          [](const Aggregate& a, const Aggregate& b) { return a.from == b.from; }),
              folds.end());
  if (!memory.unit.empty()) older.unit = memory.unit;
  return older;
}

Monitor::SeriesAnswer answer_of(SavedSeries series, const SeriesWindow& window) {
  return {.unit = std::move(series.unit),
          .points = make_points(window, series.aggregates, series.raw),
          .aggregates = std::move(series.aggregates)};
}

}  // namespace

/// Where the sampler thread leaves snapshots for the loop.
struct Monitor::Inbox {
  explicit Inbox(Monitor* monitor) : owner(monitor) {}
  Monitor* owner;  // Null after the monitor's end; loop thread only.
  Mutex mu{MutexRank::leaf};
  std::vector<Published> waiting GK_GUARDED_BY(mu);
  bool posted GK_GUARDED_BY(mu) = false;
};

Monitor::Monitor(MonitorOptions options, Post post, const Clock& clock, Log& log, Metrics& metrics,
                 SeriesStorage* storage)
    : options_(std::move(options)),
      post_(std::move(post)),
      clock_(clock),
      log_(log),
      storage_(storage),
      sampler_(options_.sampler, clock, log, metrics),
      history_(options_.history_size),
      series_(options_.series),
      restored_(storage == nullptr),
      gauges_(std::make_unique<MonitorGauges>(metrics)),
      inbox_(std::make_shared<Inbox>(this)) {
  if (storage_ != nullptr) {
    series_.set_on_fold([this](const SeriesKey& key, const Aggregate& made) {
      keep_fold(unsaved_folds_, key, made);
    });
  }
}

Monitor::~Monitor() {
  sampler_.stop();
  inbox_->owner = nullptr;
}

Result<void> Monitor::start() {
  if (options_.watch_self) (void)sampler_.watch("self", ::getpid());
  if (storage_ != nullptr) {
    storage_->load(options_.series.series, clock_.wall(),
                   [inbox = inbox_, span = PendingSpan(clock_, "series.load")](
                       Result<std::vector<SavedSeries>> saved) {
                     if (inbox->owner == nullptr) return;
                     span.end_with(inbox->owner->log_, inbox->owner->clock_, saved);
                     inbox->owner->restore(std::move(saved));
                   });
  }
  running_ = true;
  return sampler_.start([this](Published snapshot) { arrive(std::move(snapshot)); });
}

void Monitor::stop() {
  if (!std::exchange(running_, false)) return;
  sampler_.stop();
  drain();
  save(clock_.wall(), Sweep::none);
}

void Monitor::arrive(Published snapshot) {
  {
    const MutexLock lock(inbox_->mu);
    auto& waiting = inbox_->waiting;
    if (waiting.size() >= kMaxInbox) waiting.erase(waiting.begin());
    waiting.push_back(std::move(snapshot));
    if (std::exchange(inbox_->posted, true)) return;
  }
  post_([inbox = inbox_] {
    if (inbox->owner != nullptr) inbox->owner->drain();
  });
}

void Monitor::drain() {
  std::vector<Published> snapshots;
  {
    const MutexLock lock(inbox_->mu);
    snapshots.swap(inbox_->waiting);
    inbox_->posted = false;
  }
  for (const auto& snapshot : snapshots) handle(snapshot);
}

void Monitor::sample_for_test() { handle(sampler_.sample_once()); }

void Monitor::handle(const Published& snapshot) {
  history_.push(snapshot);
  if (snapshot->memory_usage.is_known(snapshot->at)) {
    (void)tell("", SampleSource::server, snapshot->at, [&](PerformanceContext& machine) {
      machine.on_memory(snapshot->memory_usage.value(), snapshot->at);
    });
  }
  take_frames(snapshot->at);
  if (restored_) record(*snapshot);
  gauges_->update(*snapshot, series_);
  snapshots_.publish(snapshot);
  housekeeping(*snapshot);
}

void Monitor::record(std::string_view name, std::string_view subject, std::string_view unit,
                     const Signal& signal, MonoTime now) {
  if (!signal.is_known(now)) return;
  // A value that was carried over from an earlier round is in its series already.
  const SeriesSet::Entry* entry = series_.find(name, subject);
  if (entry != nullptr && signal.at() <= entry->last_seen) return;
  series_.record(name, subject, unit, {signal.wall_at(), signal.value()}, signal.at());
}

void Monitor::record(const Snapshot& snapshot) {
  for (const auto& field : kSnapshotFields) {
    record(field.name, "", field.unit, snapshot.*field.member, snapshot.at);
  }
  for (const auto& sample : snapshot.external) {
    const SnapshotField* field = find_field(sample.signal);
    if (sample.subject.empty() || field == nullptr) continue;
    record(field->name, sample.subject, field->unit, sample.value, snapshot.at);
  }
  for (const auto& [subject, process] : snapshot.processes) {
    for (const auto& field : kProcessFields) {
      record(field.name, subject, field.unit, process.*field.member, snapshot.at);
    }
  }
}

void Monitor::restore(Result<std::vector<SavedSeries>> saved) {
  if (std::exchange(restored_, true)) return;
  if (saved) {
    WallTime newest{};
    for (auto& item : *saved) {
      if (!item.raw.empty()) newest = std::max(newest, item.raw.back().at);
      series_.restore(item.key, item.unit, item.aggregates, item.raw, clock_.mono());
      item.raw = {};  // Not all of it twice in memory.
    }
    if (newest != WallTime()) retention_.start(newest, clock_.wall(), clock_.mono());
    log_.info("series.restored", "series were read back", {{"series", saved->size()}});
  } else {
    log_.warn("series.restore_failed", saved.error().message);
  }
  for (std::size_t i = 0; i < history_.size(); ++i) record(*history_[i]);
}

void Monitor::housekeeping(const Snapshot& snapshot) {
  if (snapshot.at < next_save_) return;
  const Sweep kind =
      retention_.may_remove(snapshot.wall, snapshot.at) ? Sweep::by_age : Sweep::by_number;
  const bool sweep = snapshot.at >= next_sweep_;
  next_save_ = snapshot.at + options_.save_every;
  if (sweep) next_sweep_ = snapshot.at + kSweepEvery;
  (void)series_.drop_vanished(snapshot.at);
  performance_.drop_vanished(snapshot.at);
  check_memory();
  save(snapshot.wall, sweep ? kind : Sweep::none);
}

void Monitor::check_memory() {
  const bool over = series_.over_alert();
  if (over == std::exchange(memory_alert_, over)) return;
  const std::string message =
      over ? "series use more than 80 % of their memory limit: history gets coarser at 100 %"
           : "series use less than 80 % of their memory limit again";
  if (over) log_.warn("series.memory", message, {{"bytes", series_.memory_bytes()}});
  alerts_.publish({.event = "series.memory", .message = message, .active = over});
}

void Monitor::keep_fold(Folds& folds, const SeriesKey& key, const Aggregate& made) const {
  auto& list = folds[key];
  if (list.size() >= options_.series.series.aggregates) list.erase(list.begin());
  list.push_back(made);
}

/// Hands the storage what it has not got. While a batch is under way the next one waits, so that a
/// disk that refuses costs one batch of memory; what leaves the ring meanwhile is counted.
void Monitor::save(WallTime now, Sweep sweep) {
  if (storage_ == nullptr || !restored_ || (saving_ && running_)) return;
  SeriesBatch batch{.changes = {}, .now = now, .sweep = sweep};
  series_.begin_save([&](const SeriesKey& key, const SeriesSet::Entry& entry, RawSpan raw) {
    const auto folds = unsaved_folds_.find(key);
    if (raw.size() == 0 && folds == unsaved_folds_.end()) return;
    SeriesChange change{.key = key,
                        .unit = entry.unit,
                        .raw = {},
                        .aggregates = {},
                        .raw_from = entry.series.oldest_raw().value_or(Sample{}).at};
    change.raw.assign(raw.first.begin(), raw.first.end());
    change.raw.insert(change.raw.end(), raw.second.begin(), raw.second.end());
    if (folds != unsaved_folds_.end()) change.aggregates = folds->second;
    batch.changes.push_back(std::move(change));
  });
  folds_under_way_ = std::exchange(unsaved_folds_, {});
  if (batch.changes.empty() && sweep == Sweep::none) return saved({});
  saving_ = true;
  storage_->save(std::move(batch), [inbox = inbox_, span = PendingSpan(clock_, "series.save")](
                                       const Result<void>& result) {
    if (inbox->owner == nullptr) return;
    span.end_with(inbox->owner->log_, inbox->owner->clock_, result);
    inbox->owner->saved(result);
  });
}

void Monitor::saved(const Result<void>& result) {
  saving_ = false;
  series_.end_save(result.ok());
  Folds folds = std::exchange(folds_under_way_, {});
  if (result) return;
  gauges_->save_failed();
  for (auto& [key, newer] : unsaved_folds_) {
    for (const auto& made : newer) keep_fold(folds, key, made);
  }
  std::erase_if(folds, [&](const auto& item) {  // The series is gone, and so are its samples.
    return series_.find(item.first.name, item.first.subject) == nullptr;
  });
  unsaved_folds_ = std::move(folds);
}

Result<void> Monitor::submit_sample(std::string_view signal, double value, std::string_view subject,
                                    SampleSource source, std::optional<Nanos> period) {
  if (signal == "frame_ms") return submit_frame(subject, source, value, period);
  auto taken = sampler_.submit(signal, value, subject, source, period);
  if (!taken || signal != "fps") return taken;
  const MonoTime now = clock_.mono();
  (void)tell(subject, source, now, [&](PerformanceContext& c) { c.on_fps(value, now); });
  return taken;
}

void Monitor::take_frames(MonoTime now) {
  for (const auto& [subject, frames] : sampler_.take_frames()) {
    (void)tell(subject, SampleSource::claim, now, [&](PerformanceContext& context) {
      for (const double frame_ms : frames) context.on_frame(frame_ms, now);
    });
  }
}

Result<void> Monitor::submit_frame(std::string_view subject, SampleSource source, double frame_ms,
                                   std::optional<Nanos> period) {
  if (!(frame_ms >= kMinFrameMs && frame_ms <= kMaxFrameMs)) {
    return Error{Errc::invalid_argument, "value: expected 0.1 to 60000 ms for frame_ms"};
  }
  GK_CHECK_OK(check_subject(subject, options_.sampler.external.max_subject_bytes));
  const MonoTime now = clock_.mono();
  std::optional<double> fps;
  const bool told = tell(subject, source, now, [&](PerformanceContext& context) {
    context.on_frame(frame_ms, now);
    if (context.frames().settled()) fps = context.frames().fps();
  });
  if (!told) {
    return Error{Errc::resource_exhausted,
                 "already " + std::to_string(performance_.size()) + " subjects tell of frames"};
  }
  if (!fps) return {};
  return sampler_.submit("fps", *fps, subject, source, period);
}

bool Monitor::tell(std::string_view subject, SampleSource source, MonoTime now,
                   const std::function<void(PerformanceContext&)>& tell) {
  PerformanceContext* context = performance_.context(subject, source, now);
  if (context == nullptr) return false;
  const std::uint64_t before = context->raised();
  tell(*context);
  // Copies: a subscriber may tell something itself.
  std::vector<PerformanceIssue> raised;
  const std::uint64_t count = context->raised() - before;
  for (auto n = std::min<std::size_t>(count, PerformanceContext::kMaxIssues); n > 0; --n) {
    raised.push_back(context->newest(n - 1));
  }
  for (const PerformanceIssue& issue : raised) {
    gauges_->raised(issue);
    issues_.publish(issue);
  }
  return true;
}

void Monitor::query_recorded(std::string_view name, std::string_view subject, WallTime from,
                             WallTime to, SeriesStorage::Queried done) {
  const SeriesSet::Entry* entry = series_.find(name, subject);
  SavedSeries found{
      .key = {std::string(name), std::string(subject)}, .unit = {}, .aggregates = {}, .raw = {}};
  WallTime raw_from = WallTime::max();
  if (entry != nullptr) {
    found.unit = entry->unit;
    const auto folds = entry->series.aggregates(from, to);
    found.aggregates.assign(folds.begin(), folds.end());
    const RawSpan raw = entry->series.raw(from, to);
    found.raw.assign(raw.first.begin(), raw.first.end());
    found.raw.insert(found.raw.end(), raw.second.begin(), raw.second.end());
    if (const auto oldest = entry->series.oldest_raw()) raw_from = oldest->at;
  }
  // Memory has every raw sample from raw_from on; before it the store has the finer ones.
  if (storage_ == nullptr || raw_from <= from) return done(std::move(found));
  const WallTime until = std::min(to, raw_from - Micros(1));
  SeriesKey key = found.key;
  storage_->query(key, from, until, [memory = std::move(found), done](Result<SavedSeries> older) {
    if (!older) return done(older.error());
    done(merged(std::move(*older), memory));
  });
}

void Monitor::query_series(std::string_view name, std::string_view subject,
                           const SeriesWindow& window, SeriesDone done) {
  query_recorded(name, subject, window.from, window.to,
                 [window, done = std::move(done)](Result<SavedSeries> found) {
                   if (!found) return done(found.error());
                   // What was never recorded has no unit.
                   if (found->unit.empty()) {
                     return done(Error{Errc::not_found, "no series \"" + found->key.name + "\""});
                   }
                   done(answer_of(std::move(*found), window));
                 });
}

void Monitor::export_subject(const std::string& subject, SeriesStorage::Exported done) {
  std::map<std::string, SavedSeries> memory;
  for (const auto& name : external_names()) {
    const SeriesSet::Entry* entry = series_.find(name, subject);
    if (entry == nullptr) continue;
    const RawSpan raw = entry->series.raw_from(0);
    const auto folds = entry->series.aggregates();
    SavedSeries& out = memory[name];
    out = {.key = {name, subject}, .unit = entry->unit, .aggregates = {}, .raw = {}};
    out.aggregates.assign(folds.begin(), folds.end());
    out.raw.assign(raw.first.begin(), raw.first.end());
    out.raw.insert(out.raw.end(), raw.second.begin(), raw.second.end());
  }
  const auto finish = [memory = std::move(memory),
                       done](Result<std::vector<SavedSeries>> saved) mutable {
    if (!saved) return done(saved.error());
    std::vector<SavedSeries> all;
    for (auto& older : *saved) {
      const auto newer = memory.find(older.key.name);
      if (newer == memory.end()) {
        all.push_back(std::move(older));
        continue;
      }
      if (!newer->second.raw.empty()) {  // Memory has every sample from its first on.
        const WallTime first = newer->second.raw.front().at;
        std::erase_if(older.raw, [&](const Sample& sample) { return sample.at >= first; });
      }
      all.push_back(merged(std::move(older), newer->second));
      memory.erase(newer);
    }
    for (auto& [name, series] : memory) all.push_back(std::move(series));
    if (all.empty()) return done(Error{Errc::not_found, "no samples about this subject"});
    done(std::move(all));
  };
  if (storage_ == nullptr) {
    std::vector<SavedSeries> none;
    auto answer = finish;
    return answer(std::move(none));
  }
  storage_->export_subject(subject, external_names(), finish);
}

void Monitor::erase_subject(const std::string& subject, std::function<void(Result<void>)> done) {
  bool known = sampler_.forget(subject);
  known = performance_.forget(subject) || known;
  for (const auto& name : external_names()) {
    known = series_.erase(name, subject) || known;
    unsaved_folds_.erase({name, subject});
    folds_under_way_.erase({name, subject});
  }
  const auto finish = [known, done = std::move(done)](const Result<bool>& stored) {
    if (!stored) return done(stored.error());
    if (!known && !*stored) {
      return done(Error{Errc::not_found, "no samples about this subject"});
    }
    done({});
  };
  if (storage_ == nullptr) return finish(false);
  storage_->erase_subject(subject, external_names(), finish);
}

}  // namespace gk::monitor
