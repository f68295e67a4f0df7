#include "monitor/rules/series.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace gk::monitor {
namespace {

// Samples of a new series. Source: chosen, 1 KiB; doubling from there costs amortised O(1).
constexpr std::size_t kFirstCapacity = 64;
// A step back of the clock that is smoothed over. Source: chosen, above NTP's slewing (0.5 s).
constexpr Micros kSmallStepBack = Seconds(1);

}  // namespace

double percentile(std::span<const double> sorted, double p) {
  GK_ASSERT(!sorted.empty());
  const auto n = sorted.size();
  const auto index = static_cast<std::size_t>(std::floor(static_cast<double>(n) * p));
  return sorted[std::min(index, n - 1)];
}

Aggregate aggregate(std::span<const Sample> samples) {
  GK_ASSERT(!samples.empty());
  std::vector<double> values;
  values.reserve(samples.size());
  double sum = 0;
  for (const auto& sample : samples) {
    values.push_back(sample.value);
    sum += sample.value;
  }
  std::sort(values.begin(), values.end());
  return {.from = samples.front().at,
          .to = samples.back().at,
          .count = samples.size(),
          .min = values.front(),
          .max = values.back(),
          .avg = sum / static_cast<double>(samples.size()),
          .p95 = percentile(values, 0.95),
          .p99 = percentile(values, 0.99)};
}

Series::Series(const SeriesLimits& limits) : limits_(limits) {
  GK_ASSERT(limits.raw >= 2 && limits.fold >= 1 && limits.fold <= limits.raw);
  GK_ASSERT(limits.aggregates >= 1);
}

std::optional<Aggregate> Series::push(Sample sample, bool may_grow) {
  if (!std::isfinite(sample.value)) {
    ++dropped_;
    return std::nullopt;
  }
  if (size_ > 0 && sample.at < at(size_ - 1).at) {
    if (at(size_ - 1).at - sample.at <= kSmallStepBack) {
      sample.at = at(size_ - 1).at;
    } else {
      drop_from(sample.at);
    }
  }
  std::optional<Aggregate> made;
  if (size_ == ring_.size()) {
    if (ring_.empty() || (may_grow && ring_.size() < limits_.raw)) {
      grow();
    } else {
      made = fold_oldest();
    }
  }
  ring_[(head_ + size_) % ring_.size()] = sample;
  ++size_;
  ++unsaved_;
  return made;
}

void Series::restore(std::span<const Aggregate> aggregates, std::span<const Sample> raw) {
  GK_ASSERT(size_ == 0 && aggregates_.empty());
  for (const auto& item : aggregates) {
    if (aggregates_.empty() || item.from >= aggregates_.back().to) keep(item);
  }
  const std::size_t skip = raw.size() > limits_.raw ? raw.size() - limits_.raw : 0;
  dropped_ += skip;
  for (const auto& sample : raw.subspan(skip)) {
    const bool in_order = (size_ == 0 || sample.at >= at(size_ - 1).at) &&
                          (aggregates_.empty() || sample.at > aggregates_.back().to);
    if (!in_order || !std::isfinite(sample.value)) {
      ++dropped_;
      continue;
    }
    (void)push(sample);  // Cannot fold: at most limits_.raw samples.
  }
  unsaved_ = 0;
}

RawSpan Series::begin_save() {
  const RawSpan taken = raw_from(size_ - unsaved_ + under_way_);
  under_way_ = unsaved_;
  return taken;
}

void Series::end_save(bool saved) {
  if (saved) unsaved_ -= under_way_;
  under_way_ = 0;
}

RawSpan Series::raw(WallTime from, WallTime to) const {
  const std::size_t begin = lower_bound(from);
  return span(begin, std::max(begin, upper_bound(to)));
}

RawSpan Series::raw_from(std::size_t skip) const { return span(std::min(skip, size_), size_); }

std::span<const Aggregate> Series::aggregates(WallTime from, WallTime to) const {
  const auto begin = std::partition_point(aggregates_.begin(), aggregates_.end(),
                                          [&](const Aggregate& a) { return a.to < from; });
  const auto end = std::partition_point(begin, aggregates_.end(),
                                        [&](const Aggregate& a) { return a.from <= to; });
  return {begin, end};
}

std::optional<Sample> Series::newest() const {
  return size_ == 0 ? std::nullopt : std::optional(at(size_ - 1));
}

std::optional<Sample> Series::oldest_raw() const {
  return size_ == 0 ? std::nullopt : std::optional(at(0));
}

std::size_t Series::growth_bytes() const {
  if (size_ < ring_.size() || ring_.size() >= limits_.raw) return 0;
  const std::size_t next = std::min(std::max(ring_.size() * 2, kFirstCapacity), limits_.raw);
  return (next - ring_.size()) * sizeof(Sample);
}

std::size_t Series::memory_bytes() const {
  return sizeof(Series) + ring_.capacity() * sizeof(Sample) +
         aggregates_.capacity() * sizeof(Aggregate);
}

std::size_t Series::lower_bound(WallTime time) const {
  std::size_t low = 0, high = size_;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (at(middle).at < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::size_t Series::upper_bound(WallTime time) const {
  return time == WallTime::max() ? size_ : lower_bound(time + Micros(1));
}

RawSpan Series::span(std::size_t begin, std::size_t end) const {
  if (begin >= end) return {};
  const std::size_t start = (head_ + begin) % ring_.size();
  const std::size_t count = end - begin;
  const std::size_t straight = std::min(count, ring_.size() - start);
  return {.first = {ring_.data() + start, straight}, .second = {ring_.data(), count - straight}};
}

void Series::drop_from(WallTime time) {
  const std::size_t keep_count = upper_bound(time);
  const std::size_t gone = size_ - keep_count;
  dropped_ += gone;
  unsaved_ -= std::min(unsaved_, gone);
  under_way_ = std::min(under_way_, unsaved_);
  size_ = keep_count;
  while (!aggregates_.empty() && aggregates_.back().to > time) aggregates_.pop_back();
}

void Series::grow() {
  std::vector<Sample> larger;
  const std::size_t capacity = std::min(std::max(ring_.size() * 2, kFirstCapacity), limits_.raw);
  larger.reserve(capacity);
  for (std::size_t i = 0; i < size_; ++i) larger.push_back(at(i));
  larger.resize(capacity);
  ring_ = std::move(larger);
  head_ = 0;
}

Aggregate Series::fold_oldest() {
  // A ring that may not grow to its full size folds the same share of what it has.
  const std::size_t share = std::max<std::size_t>(1, size_ * limits_.fold / limits_.raw);
  const RawSpan oldest = span(0, share);
  std::vector<Sample> samples(oldest.first.begin(), oldest.first.end());
  samples.insert(samples.end(), oldest.second.begin(), oldest.second.end());
  const Aggregate made = aggregate(samples);
  head_ = (head_ + share) % ring_.size();
  size_ -= share;
  if (unsaved_ > size_) {  // Some of the folded samples were not saved yet.
    const std::size_t gone = unsaved_ - size_;
    const std::size_t taken = std::min(gone, under_way_);
    under_way_ -= taken;
    unsaved_lost_ += gone - taken;
    unsaved_ = size_;
  }
  ++fills_;
  ++folds_;
  keep(made);
  return made;
}

void Series::keep(const Aggregate& item) {
  if (aggregates_.empty()) aggregates_.reserve(std::min<std::size_t>(limits_.aggregates, 32));
  if (aggregates_.size() >= limits_.aggregates) aggregates_.erase(aggregates_.begin());
  aggregates_.push_back(item);
}

}  // namespace gk::monitor
