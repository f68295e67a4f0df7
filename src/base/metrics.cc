#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <unordered_map>

namespace gk {
namespace {

prometheus::Labels to_labels(const MetricLabels& labels) {
  prometheus::Labels out;
  for (const auto& [key, value] : labels) out.emplace(key, value);
  return out;
}

std::string series_key(std::string_view name, const MetricLabels& labels) {
  std::string key(name);
  for (const auto& [k, v] : labels) key += '\x1f' + k + '\x1e' + v;
  return key;
}

}  // namespace

void Counter::inc(double by) { impl_->Increment(by); }
double Counter::value() const { return impl_->Value(); }
void Gauge::set(double value) { impl_->Set(value); }
void Gauge::add(double by) { impl_->Increment(by); }
double Gauge::value() const { return impl_->Value(); }
void Histogram::observe(double value) { impl_->Observe(value); }

struct Metrics::Impl {
  mutable std::mutex mu;
  prometheus::Registry registry;
  // Families are found by name; prometheus-cpp would register a second one for each call.
  std::unordered_map<std::string, prometheus::Family<prometheus::Counter>*> counters;
  std::unordered_map<std::string, prometheus::Family<prometheus::Gauge>*> gauges;
  std::unordered_map<std::string, prometheus::Family<prometheus::Histogram>*> histograms;
  std::unordered_map<std::string, void*> series;
  std::vector<std::function<void()>> refreshers;
  prometheus::Counter* overflow = nullptr;

  /// The labels to use: those asked for, or the shared overflow series when the cap is reached.
  MetricLabels admit(std::string_view name, const MetricLabels& labels) {
    if (series.size() < kMaxLabelSets || labels.empty() ||
        series.contains(series_key(name, labels)))
      return labels;
    overflow->Increment();
    MetricLabels shared;
    for (const auto& [key, value] : labels) shared.emplace_back(key, "overflow");
    return shared;
  }

  template <typename Family, typename Builder>
  Family& family(std::unordered_map<std::string, Family*>& known, Builder builder,
                 std::string_view name, std::string_view help) {
    auto& slot = known[std::string(name)];
    if (slot == nullptr) {
      slot = &builder.Name(std::string(name)).Help(std::string(help)).Register(registry);
    }
    return *slot;
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  impl_->overflow = counter("gamekeeper_metric_label_sets_overflow_total",
                            "Requests for a label set beyond the cap of 10,000")
                        .impl_;
}
Metrics::~Metrics() = default;

Counter Metrics::counter(std::string_view name, std::string_view help, const MetricLabels& labels) {
  const std::lock_guard lock(impl_->mu);
  const MetricLabels admitted = impl_->admit(name, labels);
  void*& slot = impl_->series[series_key(name, admitted)];
  if (slot == nullptr) {
    slot = &impl_->family(impl_->counters, prometheus::BuildCounter(), name, help)
                .Add(to_labels(admitted));
  }
  return Counter(static_cast<prometheus::Counter*>(slot));
}

Gauge Metrics::gauge(std::string_view name, std::string_view help, const MetricLabels& labels) {
  const std::lock_guard lock(impl_->mu);
  const MetricLabels admitted = impl_->admit(name, labels);
  void*& slot = impl_->series[series_key(name, admitted)];
  if (slot == nullptr) {
    slot = &impl_->family(impl_->gauges, prometheus::BuildGauge(), name, help)
                .Add(to_labels(admitted));
  }
  return Gauge(static_cast<prometheus::Gauge*>(slot));
}

Histogram Metrics::histogram(std::string_view name, std::string_view help,
                             const std::vector<double>& bounds, const MetricLabels& labels) {
  const std::lock_guard lock(impl_->mu);
  const MetricLabels admitted = impl_->admit(name, labels);
  void*& slot = impl_->series[series_key(name, admitted)];
  if (slot == nullptr) {
    slot = &impl_->family(impl_->histograms, prometheus::BuildHistogram(), name, help)
                .Add(to_labels(admitted), bounds);
  }
  return Histogram(static_cast<prometheus::Histogram*>(slot));
}

void Metrics::on_scrape(std::function<void()> refresh) {
  const std::lock_guard lock(impl_->mu);
  if (impl_->refreshers.size() < 64) impl_->refreshers.push_back(std::move(refresh));
}

std::string Metrics::text() const {
  std::vector<std::function<void()>> refreshers;
  {
    const std::lock_guard lock(impl_->mu);
    refreshers = impl_->refreshers;
  }
  for (const auto& refresh : refreshers) refresh();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

std::vector<MetricSample> Metrics::samples() const {
  std::vector<std::function<void()>> refreshers;
  {
    const std::lock_guard lock(impl_->mu);
    refreshers = impl_->refreshers;
  }
  for (const auto& refresh : refreshers) refresh();
  std::vector<MetricSample> out;
  for (const auto& family : impl_->registry.Collect()) {
    for (const auto& metric : family.metric) {
      MetricSample sample{
          .name = family.name, .type = {}, .help = family.help, .labels = {}, .value = 0};
      for (const auto& label : metric.label) sample.labels.emplace_back(label.name, label.value);
      if (family.type == prometheus::MetricType::Counter) {
        sample.type = "counter";
        sample.value = metric.counter.value;
        out.push_back(std::move(sample));
      } else if (family.type == prometheus::MetricType::Gauge) {
        sample.type = "gauge";
        sample.value = metric.gauge.value;
        out.push_back(std::move(sample));
      } else if (family.type == prometheus::MetricType::Histogram) {
        sample.type = "histogram_count";
        sample.value = static_cast<double>(metric.histogram.sample_count);
        out.push_back(sample);
        sample.type = "histogram_sum";
        sample.value = metric.histogram.sample_sum;
        out.push_back(std::move(sample));
      }
    }
  }
  return out;
}

const std::vector<double>& duration_buckets() {
  static const std::vector<double> kBounds = {50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3,
                                              5e-3,  10e-3,  25e-3,  50e-3,  0.1,  0.25,
                                              0.5,   1,      2.5,    5,      10};
  return kBounds;
}

}  // namespace gk
