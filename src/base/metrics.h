// metrics.h: counters, gauges and histograms behind a facade; prometheus-cpp is in metrics.cc only.
//
// Names follow Prometheus conventions: gamekeeper_<what>_<unit>[_total]. Ask for a handle once and
// keep it: a handle is a pointer to an atomic, so inc() costs nanoseconds. The number of label
// sets is capped; what does not fit goes to one shared overflow series and is counted.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace gk {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Borrowed from a Metrics, which outlives it. Thread: safe.
class Counter {
 public:
  void inc(double by = 1);
  double value() const;

 private:
  friend class Metrics;
  explicit Counter(prometheus::Counter* impl) : impl_(impl) {}
  prometheus::Counter* impl_;
};

/// Borrowed from a Metrics, which outlives it. Thread: safe.
class Gauge {
 public:
  void set(double value);
  void add(double by);
  double value() const;

 private:
  friend class Metrics;
  explicit Gauge(prometheus::Gauge* impl) : impl_(impl) {}
  prometheus::Gauge* impl_;
};

/// Borrowed from a Metrics, which outlives it. Thread: safe.
class Histogram {
 public:
  void observe(double value);

 private:
  friend class Metrics;
  explicit Histogram(prometheus::Histogram* impl) : impl_(impl) {}
  prometheus::Histogram* impl_;
};

/// One sample of the registry, for the JSON form of /api/metrics.
struct MetricSample {
  std::string name;
  std::string type;  ///< "counter", "gauge", "histogram_count" or "histogram_sum".
  std::string help;
  MetricLabels labels;
  double value = 0;
};

/// The registry of one process.
/// Thread: safe.
class Metrics {
 public:
  static constexpr std::size_t kMaxLabelSets = 10'000;  // Source: monitor specification, Prometheus

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The series `name{labels}`, made at the first call. `help` is used at the first call only.
  Counter counter(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Gauge gauge(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  /// Units: `bounds` are upper bounds in the metric's unit, increasing.
  Histogram histogram(std::string_view name, std::string_view help,
                      const std::vector<double>& bounds, const MetricLabels& labels = {});

  /// Called before each scrape on the scraping thread, to set gauges that are cheap to compute
  /// late. At most 64.
  void on_scrape(std::function<void()> refresh);

  /// Prometheus text format 0.0.4.
  std::string text() const;
  std::vector<MetricSample> samples() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Bucket bounds for request and commit durations, in seconds: 50 µs to 10 s.
const std::vector<double>& duration_buckets();

}  // namespace gk
