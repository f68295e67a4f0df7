#include "monitor/monitor.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/mutex.h"
#include "monitor/monitor_gauges.h"
#include "monitor/rules/snapshot_fields.h"

namespace gk::monitor {
namespace {

// Snapshots that wait for a loop that is busy; the oldest loses. Source: as the history.
constexpr std::size_t kMaxInbox = 100;
// Source: chosen; retention is counted in hours and days.
constexpr Nanos kSweepEvery = std::chrono::minutes(10);

struct ProcessField {
  std::string_view name, unit;
  Signal ProcessSample::* member;
};
constexpr std::array<ProcessField, 3> kProcessFields = {{
    {"process_cpu_pct", "%", &ProcessSample::cpu_pct},
    {"process_demand_pct", "%", &ProcessSample::demand_pct},
    {"process_rss_bytes", "B", &ProcessSample::rss_bytes},
}};

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
      auto& folds = unsaved_folds_[key];
      if (folds.size() < options_.series.series.aggregates) folds.push_back(made);
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
                   [inbox = inbox_](Result<std::vector<SavedSeries>> saved) {
                     if (inbox->owner != nullptr) inbox->owner->restore(std::move(saved));
                   });
  }
  running_ = true;
  return sampler_.start([this](Published snapshot) { arrive(std::move(snapshot)); });
}

void Monitor::stop() {
  if (!std::exchange(running_, false)) return;
  sampler_.stop();
  drain();
  save(clock_.wall(), false);
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
    performance_.context("", SampleSource::server, snapshot->at)
        ->on_memory(snapshot->memory_usage.value(), snapshot->at);
  }
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
    for (const auto& item : *saved) {
      series_.restore(item.key, item.unit, item.aggregates, item.raw, clock_.mono());
    }
    log_.info("series_restored", "series were read back", {{"series", saved->size()}});
  } else {
    log_.warn("series_restore_failed", saved.error().message);
  }
  for (std::size_t i = 0; i < history_.size(); ++i) record(*history_[i]);
}

void Monitor::housekeeping(const Snapshot& snapshot) {
  if (snapshot.at < next_save_) return;
  const bool sweep = snapshot.at >= next_sweep_;
  next_save_ = snapshot.at + options_.save_every;
  if (sweep) next_sweep_ = snapshot.at + kSweepEvery;
  (void)series_.drop_vanished(snapshot.at);
  performance_.drop_vanished(snapshot.at);
  check_memory();
  save(snapshot.wall, sweep);
}

void Monitor::check_memory() {
  const bool over = series_.over_alert();
  if (over == std::exchange(memory_alert_, over)) return;
  const std::string message =
      over ? "series use more than 80 % of their memory limit: history gets coarser at 100 %"
           : "series use less than 80 % of their memory limit again";
  if (over) log_.warn("series_memory", message, {{"bytes", series_.memory_bytes()}});
  alerts_.publish({.event = "series_memory", .message = message, .active = over});
}

void Monitor::save(WallTime now, bool sweep) {
  if (storage_ == nullptr || !restored_) return;
  SeriesBatch batch{.changes = {}, .now = now, .sweep = sweep};
  for (const auto& [key, entry] : series_.all()) {
    const Series& series = entry.series;
    auto folds = unsaved_folds_.extract(key);
    if (series.unsaved() == 0 && folds.empty()) continue;
    const RawSpan raw = series.raw_from(series.size() - series.unsaved());
    SeriesChange change{.key = key,
                        .unit = entry.unit,
                        .raw = {},
                        .aggregates = {},
                        .raw_from = series.oldest_raw().value_or(Sample{}).at};
    change.raw.assign(raw.first.begin(), raw.first.end());
    change.raw.insert(change.raw.end(), raw.second.begin(), raw.second.end());
    if (!folds.empty()) change.aggregates = std::move(folds.mapped());
    batch.changes.push_back(std::move(change));
  }
  unsaved_folds_.clear();  // What is left belongs to series that are gone.
  series_.mark_saved();
  if (batch.changes.empty() && !sweep) return;
  storage_->save(std::move(batch), [inbox = inbox_](Result<void> saved) {
    if (inbox->owner != nullptr && !saved) inbox->owner->gauges_->save_failed();
  });
}

Result<void> Monitor::submit_sample(std::string_view signal, double value, std::string_view subject,
                                    SampleSource source, std::optional<Nanos> period) {
  auto taken = sampler_.submit(signal, value, subject, source, period);
  if (!taken || signal != "fps") return taken;
  const MonoTime now = clock_.mono();
  if (auto* context = performance_.context(subject, source, now)) context->on_fps(value, now);
  return taken;
}

void Monitor::on_frame(std::string_view subject, SampleSource source, double frame_ms) {
  const MonoTime now = clock_.mono();
  if (auto* context = performance_.context(subject, source, now)) context->on_frame(frame_ms, now);
}

void Monitor::query_series(std::string_view name, std::string_view subject,
                           const SeriesWindow& window, SeriesDone done) {
  const SeriesSet::Entry* entry = series_.find(name, subject);
  SavedSeries found{
      .key = {std::string(name), std::string(subject)}, .unit = {}, .aggregates = {}, .raw = {}};
  WallTime covered_from = WallTime::max();
  if (entry != nullptr) {
    found.unit = entry->unit;
    const auto folds = entry->series.aggregates(window.from, window.to);
    found.aggregates.assign(folds.begin(), folds.end());
    const RawSpan raw = entry->series.raw(window.from, window.to);
    found.raw.assign(raw.first.begin(), raw.first.end());
    found.raw.insert(found.raw.end(), raw.second.begin(), raw.second.end());
    const auto all = entry->series.aggregates();
    covered_from = all.empty() ? entry->series.oldest_raw().value_or(Sample{}).at : all[0].from;
  }
  if (storage_ == nullptr || covered_from <= window.from) {
    if (entry == nullptr) {
      done(Error{Errc::not_found, "no series \"" + found.key.name + "\""});
      return;
    }
    done(SeriesAnswer{.unit = found.unit,
                      .points = make_points(window, found.aggregates, found.raw)});
    return;
  }
  const WallTime until = std::min(window.to, covered_from - Micros(1));
  SeriesKey key = found.key;
  storage_->query(key, window.from, until,
                  [window, memory = std::move(found), done](Result<SavedSeries> older) {
                    if (!older) return done(older.error());
                    const bool nowhere = memory.unit.empty() && older->unit.empty();
                    if (nowhere) {
                      return done(Error{Errc::not_found, "no series \"" + memory.key.name + "\""});
                    }
                    auto& folds = older->aggregates;
                    folds.insert(folds.end(), memory.aggregates.begin(), memory.aggregates.end());
                    auto& raw = older->raw;
                    raw.insert(raw.end(), memory.raw.begin(), memory.raw.end());
                    done(SeriesAnswer{.unit = memory.unit.empty() ? older->unit : memory.unit,
                                      .points = make_points(window, folds, raw)});
                  });
}

}  // namespace gk::monitor
