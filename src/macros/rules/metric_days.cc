#include "macros/rules/metric_days.h"

#include <algorithm>
#include <cmath>

namespace gk::macros {
namespace {

struct Sums {
  double count = 0;
  double weighted = 0, seconds = 0;  // Value × time, and time.
  double plain = 0;                  // Value × count: where no time is known.
  double min = 0, max = 0;
  bool any = false;

  void extend(double low, double high) {
    min = any ? std::min(min, low) : low;
    max = any ? std::max(max, high) : high;
    any = true;
  }
  void add_time(double value, Micros time) {
    const double s = std::chrono::duration<double>(time).count();
    weighted += value * s;
    seconds += s;
  }
};

class Fold {
 public:
  Fold(const DayRow& days, Micros gap) : days_(days), gap_(gap), sums_(days.size()) {}

  void add(const monitor::Aggregate& a) {
    const WallTime begin = start_of(a.from);
    const double whole = std::chrono::duration<double>(a.to - a.from).count();
    cover(begin, a.to, a.avg);
    if (whole <= 0) return add_point(a.from, a.avg, static_cast<double>(a.count), a.min, a.max);
    days_.split(a.from, a.to, [&](std::size_t day, Micros part) {
      const double share = std::chrono::duration<double>(part).count() / whole;
      sums_[day].count += static_cast<double>(a.count) * share;
      sums_[day].plain += a.avg * static_cast<double>(a.count) * share;
      sums_[day].extend(a.min, a.max);
    });
  }
  void add(const monitor::Sample& s) {
    cover(start_of(s.at), s.at, s.value);
    add_point(s.at, s.value, 1, s.value, s.value);
  }
  WallTime covered_to() const { return covered_to_; }

  std::vector<std::optional<MetricDay>> result() const {
    std::vector<std::optional<MetricDay>> out(sums_.size());
    for (std::size_t day = 0; day < sums_.size(); ++day) {
      const Sums& s = sums_[day];
      if (!s.any) continue;
      MetricDay& made = out[day].emplace();
      made.count = static_cast<std::uint64_t>(std::llround(s.count));
      made.mean = s.seconds > 0 ? s.weighted / s.seconds : s.count > 0 ? s.plain / s.count : s.min;
      made.min = s.min;
      made.max = s.max;
      const double length = std::chrono::duration<double>(days_.length(day)).count();
      made.coverage = length > 0 ? std::min(1.0, s.seconds / length) : 0;
    }
    return out;
  }

 private:
  // Since when a value that was measured at `at` is taken to hold.
  WallTime start_of(WallTime at) const {
    return any_ && at - covered_to_ <= gap_ ? covered_to_ : at;
  }
  void cover(WallTime from, WallTime to, double value) {
    days_.split(from, to, [&](std::size_t day, Micros part) { sums_[day].add_time(value, part); });
    covered_to_ = any_ ? std::max(covered_to_, to) : to;
    any_ = true;
  }
  void add_point(WallTime at, double value, double count, double low, double high) {
    const auto day = days_.index(at);
    if (!day) return;
    sums_[*day].count += count;
    sums_[*day].plain += value * count;
    sums_[*day].extend(low, high);
  }

  const DayRow& days_;
  const Micros gap_;
  std::vector<Sums> sums_;
  WallTime covered_to_{};
  bool any_ = false;
};

}  // namespace

std::vector<std::optional<MetricDay>> fold_metric(const RecordedSeries& series, const DayRow& days,
                                                  Micros gap) {
  Fold fold(days, gap);
  auto sample = series.raw.begin();
  for (const monitor::Aggregate& a : series.aggregates) {
    for (; sample != series.raw.end() && sample->at < a.from; ++sample) fold.add(*sample);
    fold.add(a);
    while (sample != series.raw.end() && sample->at <= a.to) ++sample;
  }
  for (; sample != series.raw.end(); ++sample) fold.add(*sample);
  return fold.result();
}

}  // namespace gk::macros
