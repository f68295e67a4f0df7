#include "base/metrics.h"

#include <gtest/gtest.h>

namespace gk {
namespace {

TEST(Metrics, TheSameNameAndLabelsAreTheSameSeries) {
  Metrics metrics;
  metrics.counter("gamekeeper_x_total", "help", {{"a", "1"}}).inc();
  metrics.counter("gamekeeper_x_total", "help", {{"a", "1"}}).inc(2);
  metrics.counter("gamekeeper_x_total", "help", {{"a", "2"}}).inc();
  EXPECT_EQ(metrics.counter("gamekeeper_x_total", "help", {{"a", "1"}}).value(), 3);
  EXPECT_NE(metrics.text().find("gamekeeper_x_total{a=\"1\"} 3"), std::string::npos);
}

TEST(Metrics, RefreshesGaugesBeforeAScrape) {
  Metrics metrics;
  Gauge gauge = metrics.gauge("gamekeeper_depth", "help");
  metrics.on_scrape([gauge]() mutable { gauge.set(7); });
  EXPECT_NE(metrics.text().find("gamekeeper_depth 7"), std::string::npos);
}

TEST(Metrics, CapsLabelSetsIntoOneOverflowSeriesAndCountsThem) {
  Metrics metrics;
  for (std::size_t i = 0; i <= Metrics::kMaxLabelSets; ++i) {
    metrics.counter("gamekeeper_many_total", "help", {{"id", std::to_string(i)}}).inc();
  }
  const std::string text = metrics.text();
  EXPECT_NE(text.find("gamekeeper_many_total{id=\"overflow\"}"), std::string::npos);
  EXPECT_GT(metrics.counter("gamekeeper_metric_label_sets_overflow_total", "").value(), 0);
}

TEST(Metrics, SamplesNameTypeLabelsAndValue) {
  Metrics metrics;
  metrics.histogram("gamekeeper_t_seconds", "help", {0.1, 1}, {{"r", "a"}}).observe(0.5);
  bool found = false;
  for (const auto& sample : metrics.samples()) {
    found = found || (sample.name == "gamekeeper_t_seconds" && sample.type == "histogram_sum" &&
                      sample.value == 0.5 && sample.labels == MetricLabels{{"r", "a"}});
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace gk
