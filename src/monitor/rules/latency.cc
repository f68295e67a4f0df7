#include "monitor/rules/latency.h"

#include <algorithm>

namespace gk::monitor {
namespace {

// Source of all: monitor specification, Latency.
constexpr double kNewWeight = 0.3, kOldWeight = 0.7, kTrendShare = 0.05;
constexpr double kSlowMs = 150, kQuickMs = 50;
// Source of all: monitor specification, Latency.
constexpr Nanos kSoon = Seconds(10), kNormal = Seconds(30), kRare = Seconds(60);
// Source: chosen; two values a half are the least that outlive one outlier.
constexpr std::size_t kTrendMinimum = 4;

/// Median of the first `n` of `v`. Requires: n in [1, 3].
double median_of(const std::array<double, 3>& v, std::size_t n) {
  if (n == 1) return v[0];
  if (n == 2) return (v[0] + v[1]) / 2;
  return std::max(std::min(v[0], v[1]), std::min(std::max(v[0], v[1]), v[2]));
}

double to_ms(Nanos time) { return std::chrono::duration<double, std::milli>(time).count(); }

}  // namespace

std::string_view trend_name(Trend trend) {
  switch (trend) {
    case Trend::improving: return "improving";
    case Trend::stable: return "stable";
    case Trend::degrading: return "degrading";
    case Trend::unknown: break;
  }
  return "unknown";
}

void LatencyEstimator::add(const ProbeRound& round, MonoTime now) {
  std::array<double, 3> answers{};
  std::size_t n = 0;
  for (const auto& probe : round) {
    if (probe && *probe >= Nanos(0)) answers[n++] = to_ms(*probe);
  }
  lost_.push(static_cast<std::uint8_t>(round.size() - n));
  last_round_lost_ = n == 0;
  if (n == 0) return;
  const double median = median_of(answers, n);
  medians_.push(median);
  ema_ms_ = ema_ms_ ? kNewWeight * median + kOldWeight * *ema_ms_ : median;
  last_answer_ = now;
}

Trend LatencyEstimator::trend() const {
  const std::size_t n = medians_.size();
  if (n < kTrendMinimum) return Trend::unknown;
  const std::size_t half = n / 2;
  double older = 0, newer = 0;
  for (std::size_t i = 0; i < half; ++i) {
    older += medians_[i];
    newer += medians_[n - 1 - i];
  }
  if (newer > older * (1 + kTrendShare)) return Trend::degrading;
  if (newer < older * (1 - kTrendShare)) return Trend::improving;
  return Trend::stable;
}

std::optional<double> LatencyEstimator::loss() const {
  if (lost_.empty()) return std::nullopt;
  unsigned lost = 0;
  for (std::size_t i = 0; i < lost_.size(); ++i) lost += lost_[i];
  return lost / (3.0 * static_cast<double>(lost_.size()));
}

Nanos LatencyEstimator::next_probe_after() const {
  if (!ema_ms_ || last_round_lost_ || trend() == Trend::degrading || *ema_ms_ > kSlowMs) {
    return kSoon;
  }
  return *ema_ms_ < kQuickMs ? kRare : kNormal;
}

Signal LatencyEstimator::signal(MonoTime now, WallTime wall) const {
  if (last_round_lost_) return Signal::unknown("all three probes were lost", now, wall);
  if (!ema_ms_) return Signal::unknown("no probe was answered yet", now, wall);
  const auto age = std::chrono::duration_cast<Micros>(now - last_answer_);
  return Signal::known(*ema_ms_, last_answer_, wall - age, next_probe_after());
}

}  // namespace gk::monitor
