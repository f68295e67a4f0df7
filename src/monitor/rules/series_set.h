// series_set.h: all series under one memory limit.
//
// Who loses: a series that cannot grow folds early (coarser history, nothing dropped); a new
// series that does not fit is refused and its samples are counted; a series whose subject vanished
// is dropped after an hour.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/rules/series.h"

namespace gk::monitor {

/// Source of the defaults: monitor specification, History and series.
struct SeriesSetLimits {
  SeriesLimits series = {};
  std::size_t memory_bytes = 64U << 20;        ///< Of all series. [1 MiB, 4 GiB]
  double alert_share = 0.8;                    ///< Alert at this share of the limit. (0, 1]
  Nanos vanish_after = std::chrono::hours(1);  ///< Without a sample. [1 min, 30 d]
};

/// A SeriesKey to look up, without strings of its own.
struct SeriesKeyView {
  std::string_view name;
  std::string_view subject;
};

/// What a series is about. `subject` is empty for machine-wide signals.
struct SeriesKey {
  std::string name;
  std::string subject;
  friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
  friend bool operator<(const SeriesKey& a, const SeriesKeyView& b) {
    const int order = std::string_view(a.name).compare(b.name);
    return order != 0 ? order < 0 : std::string_view(a.subject) < b.subject;
  }
  friend bool operator<(const SeriesKeyView& a, const SeriesKey& b) {
    const int order = a.name.compare(b.name);
    return order != 0 ? order < 0 : a.subject < std::string_view(b.subject);
  }
};

struct SeriesStats {
  std::size_t series = 0;
  std::uint64_t buffer_fills = 0;
  std::uint64_t aggregations_performed = 0;
  std::uint64_t dropped = 0;       ///< Samples: refused series, not finite, clock went back.
  std::uint64_t unsaved_lost = 0;  ///< Raw samples that left memory before they could be saved.
  double memory_mb = 0;            ///< MiB.
};

/// Thread: compatible.
/// Cost: record() O(log series); amortised no allocation.
class SeriesSet {
 public:
  explicit SeriesSet(const SeriesSetLimits& limits = {});

  /// Adds a sample to the series of `name` and `subject`, which is made when new.
  /// `on_fold` is called with every aggregate that comes into being.
  void record(std::string_view name, std::string_view subject, std::string_view unit, Sample sample,
              MonoTime now);
  using OnFold = std::function<void(const SeriesKey&, const Aggregate&)>;
  void set_on_fold(OnFold on_fold) { on_fold_ = std::move(on_fold); }

  /// Puts back a saved series. Ignored when it exists already or does not fit (then counted).
  void restore(const SeriesKey& key, std::string_view unit, std::span<const Aggregate> aggregates,
               std::span<const Sample> raw, MonoTime now);

  /// Drops a series at once. True: it was there.
  bool erase(std::string_view name, std::string_view subject);
  /// Drops series without a sample for `vanish_after`. Returns how many.
  std::size_t drop_vanished(MonoTime now);

  struct Entry {
    Series series;
    std::string unit;
    MonoTime last_seen{};
  };
  /// Null pointer when there is none. Borrowed until the next non-const call.
  const Entry* find(std::string_view name, std::string_view subject) const;
  const std::map<SeriesKey, Entry, std::less<>>& all() const { return entries_; }
  /// Takes what is to be saved of each series; see Series::begin_save(). The span is valid during
  /// the call.
  void begin_save(const std::function<void(const SeriesKey&, const Entry&, RawSpan)>& take);
  void end_save(bool saved);

  SeriesStats stats() const;
  std::size_t memory_bytes() const { return memory_; }
  /// True while memory is at or above the alert share.
  bool over_alert() const;
  const SeriesSetLimits& limits() const { return limits_; }

 private:
  Entry* find_or_make(std::string_view name, std::string_view subject, std::string_view unit);
  static std::size_t cost(const SeriesKey& key, const Entry& entry);
  void retire(const Entry& entry);

  SeriesSetLimits limits_;
  std::map<SeriesKey, Entry, std::less<>> entries_;
  OnFold on_fold_;
  std::size_t memory_ = 0;
  SeriesStats retired_;  // Counters of series that are gone, so that totals never fall.
  std::uint64_t refused_ = 0;
};

}  // namespace gk::monitor
