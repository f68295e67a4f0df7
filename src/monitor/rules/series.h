// series.h: one bounded time series: raw samples in a ring, older ones as aggregates.
//
// When the ring is full its oldest part becomes one aggregate, so memory stays flat for ever and
// nothing is lost without a trace. Time is civil time, because people ask by it and because a
// series survives a restart; the clock may jump, so push() keeps the order itself. A set of series
// with one memory limit is series_set.h; persistence is monitor/series_store.h.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "gamekeeper/time.h"

namespace gk::monitor {

struct Sample {
  WallTime at{};
  double value = 0;
  friend bool operator==(const Sample&, const Sample&) = default;
};

/// What is left of a run of samples.
struct Aggregate {
  WallTime from{};  ///< Time of the first sample; JSON also calls it `timestamp`.
  WallTime to{};    ///< Time of the last sample.
  std::uint64_t count = 0;
  double min = 0, max = 0, avg = 0, p95 = 0, p99 = 0;
  friend bool operator==(const Aggregate&, const Aggregate&) = default;
};

/// Percentile `p` in [0, 1] of a sorted, non-empty list: sorted[min(⌊n·p⌋, n − 1)].
/// Source: monitor specification, History and series.
double percentile(std::span<const double> sorted, double p);

/// The aggregate of `samples`. Requires: not empty, in order of time.
/// Cost: O(n log n), one allocation.
Aggregate aggregate(std::span<const Sample> samples);

/// Source of the defaults: monitor specification, History and series.
struct SeriesLimits {
  std::size_t raw = 10'000;     ///< Samples in the ring. [2, 1'000'000]
  std::size_t fold = 3'600;     ///< Oldest samples that become one aggregate. [1, raw]
  std::size_t aggregates = 30;  ///< In memory; the oldest loses. [1, 10'000]
};

/// A part of the ring, oldest first, in at most two pieces.
struct RawSpan {
  std::span<const Sample> first, second;
  std::size_t size() const { return first.size() + second.size(); }
  const Sample& operator[](std::size_t i) const {
    return i < first.size() ? first[i] : second[i - first.size()];
  }
};

/// Thread: compatible.
/// Invariants: samples and aggregates are in order of time; memory_bytes() never exceeds the cost
///             of a full ring and a full list of aggregates.
class Series {
 public:
  explicit Series(const SeriesLimits& limits);

  /// Appends a sample; returns the aggregate that this made, if any.
  /// When the clock went back by up to a second the sample takes the newest time; by more, the
  /// samples "from the future" are discarded and counted, because a rule of order has to hold.
  /// A value that is not finite is discarded and counted.
  /// `may_grow` false: the ring stays as large as it is, and folds early instead.
  std::optional<Aggregate> push(Sample sample, bool may_grow = true);

  /// Puts back what was saved. Requires: the series is empty; both lists in order of time (what
  /// is not, or does not fit, is discarded, oldest first, and counted).
  void restore(std::span<const Aggregate> aggregates, std::span<const Sample> raw);

  /// Raw samples with from <= at <= to.  Cost: O(log n).
  RawSpan raw(WallTime from, WallTime to) const;
  /// All raw samples from the `skip`th oldest on.
  RawSpan raw_from(std::size_t skip) const;
  /// Aggregates that overlap [from, to].  Cost: O(log n).
  std::span<const Aggregate> aggregates(WallTime from, WallTime to) const;
  std::span<const Aggregate> aggregates() const { return aggregates_; }

  std::size_t size() const { return size_; }
  std::optional<Sample> newest() const;
  std::optional<Sample> oldest_raw() const;
  /// Bytes that the next push() would allocate; 0 while there is room.
  std::size_t growth_bytes() const;
  std::size_t memory_bytes() const;

  std::uint64_t fills() const { return fills_; }      ///< Times the ring was full.
  std::uint64_t folds() const { return folds_; }      ///< Aggregates made.
  std::uint64_t dropped() const { return dropped_; }  ///< Samples discarded; see push().

  /// Saving: what begin_save() takes is under way until end_save(), and then saved or again to be
  /// saved. Samples that leave the ring before they were taken are lost, the oldest first.
  RawSpan begin_save();
  void end_save(bool saved);
  std::size_t unsaved() const { return unsaved_; }      ///< Newest samples that are not saved.
  std::size_t under_way() const { return under_way_; }  ///< The oldest of them, being saved.
  std::uint64_t unsaved_lost() const { return unsaved_lost_; }

 private:
  const Sample& at(std::size_t i) const { return ring_[(head_ + i) % ring_.size()]; }
  std::size_t lower_bound(WallTime time) const;
  std::size_t upper_bound(WallTime time) const;
  RawSpan span(std::size_t begin, std::size_t end) const;
  void drop_from(WallTime time);
  void grow();
  Aggregate fold_oldest();
  void keep(const Aggregate& item);

  SeriesLimits limits_;
  std::vector<Sample> ring_;  // ring_.size() is the capacity so far; doubles up to limits_.raw.
  std::size_t head_ = 0;      // Index of the oldest.
  std::size_t size_ = 0;
  std::size_t unsaved_ = 0;    // At the end of the ring.
  std::size_t under_way_ = 0;  // The first of the unsaved.
  std::vector<Aggregate> aggregates_;
  std::uint64_t fills_ = 0, folds_ = 0, dropped_ = 0, unsaved_lost_ = 0;
};

}  // namespace gk::monitor
