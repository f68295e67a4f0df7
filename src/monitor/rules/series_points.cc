#include "monitor/rules/series_points.h"

#include <algorithm>
#include <cmath>

namespace gk::monitor {
namespace {

struct Bucket {
  std::uint64_t count = 0;
  double sum = 0, min = 0, max = 0;

  void add(double low, double high, double mean, std::uint64_t n) {
    min = count == 0 ? low : std::min(min, low);
    max = count == 0 ? high : std::max(max, high);
    sum += mean * static_cast<double>(n);
    count += n;
  }
};

}  // namespace

Result<SeriesWindow> SeriesWindow::create(std::optional<WallTime> from, std::optional<WallTime> to,
                                          std::optional<Micros> step, WallTime now) {
  SeriesWindow out;
  out.to = to.value_or(now);
  out.from = from.value_or(out.to - std::chrono::hours(1));
  if (out.from > out.to) return Error{Errc::invalid_argument, "from: expected a time before to"};
  const Micros usual = (out.to - out.from) / static_cast<Micros::rep>(kUsualPoints);
  out.step = step.value_or(std::max<Micros>(usual, Seconds(1)));
  if (out.step < Millis(1)) return Error{Errc::invalid_argument, "step: expected at least 0.001 s"};
  if (out.points() > kMaxPoints) {
    return Error{Errc::invalid_argument, "step: expected at most 10000 steps between from and to"};
  }
  return out;
}

std::vector<SeriesPoint> make_points(const SeriesWindow& window,
                                     std::span<const Aggregate> aggregates,
                                     std::span<const Sample> raw) {
  std::vector<Bucket> buckets(window.points());
  const auto index = [&](WallTime at) {
    return static_cast<std::size_t>((at - window.from) / window.step);
  };
  for (const auto& sample : raw) {
    if (sample.at < window.from || sample.at > window.to) continue;
    buckets[index(sample.at)].add(sample.value, sample.value, sample.value, 1);
  }
  std::vector<Bucket> folded(aggregates.empty() ? 0 : buckets.size());
  for (const auto& a : aggregates) {
    if (a.to < window.from || a.from > window.to) continue;
    const std::size_t last = index(std::min(a.to, window.to));
    for (std::size_t i = index(std::max(a.from, window.from)); i <= last; ++i) {
      folded[i].add(a.min, a.max, a.avg, a.count);
    }
  }
  std::vector<SeriesPoint> out;
  out.reserve(buckets.size());
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const bool use_folded = buckets[i].count == 0 && !folded.empty();
    const Bucket& bucket = use_folded ? folded[i] : buckets[i];
    SeriesPoint point{.at = window.from + window.step * static_cast<Micros::rep>(i),
                      .value = {},
                      .min = {},
                      .max = {},
                      .avg = {}};
    if (bucket.count > 0) point.value = bucket.sum / static_cast<double>(bucket.count);
    if (bucket.count > 1) {
      point.min = bucket.min;
      point.max = bucket.max;
      point.avg = point.value;
    }
    out.push_back(point);
  }
  return out;
}

}  // namespace gk::monitor
