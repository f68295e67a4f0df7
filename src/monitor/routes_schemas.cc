#include "monitor/routes_schemas.h"

#include <utility>
#include <vector>

#include "monitor/rules/snapshot_fields.h"

namespace gk::monitor {
namespace {

void add_health_schemas(api::Router& router) {
  router.add_schema({"Liveness", {{"status", "string", "ok or starting", true}}});
  router.add_schema({"HealthCheck",
                     {{"name", "string", "", true},
                      {"status", "ok|degraded|failed", "", true},
                      {"latency_ms", "number", "Of the last run", true},
                      {"detail", "string", "For people", true},
                      {"since", "time", "When the status became what it is", true}}});
  router.add_schema({"Health",
                     {{"status", "ok|degraded|failed", "The worst of all checks", true},
                      {"version", "string", "", true},
                      {"uptime_s", "integer", "With health:read"},
                      {"checks", "#HealthCheck[]", "With health:read"}}});
}

void add_performance_schemas(api::Router& router) {
  router.add_schema({"Signal",
                     {{"value", "number", "Null when unknown", true, true},
                      {"state", "known|unknown|stale", "", true},
                      {"reason", "string", "Why it is not known", true, true},
                      {"at", "time", "When it was measured", true, true}}});
  router.add_schema({"Performance",
                     {{"current", "map:#Signal", "Signals by name, and score", true},
                      {"averages", "map:#Average", "Means over window_s by name", true},
                      {"history", "#HistoryPoint[]", "The last snapshots, oldest first", true},
                      {"subjects", "#SubjectPerformance[]",
                       "Whose frames or frame rate is told, by subject and source", true}}});
  router.add_schema(
      {"SubjectPerformance",
       {{"subject", "string", "Session or client; empty: the machine", true},
        {"source", "server|claim", "We measured it, or a client says so", true},
        {"fps", "#Signal", "1/s", true},
        {"frame_ms", "number", "Mean of the last 30 frames", true, true},
        {"score", "#Signal", "0 to 100, with this machine's memory", true},
        {"issues_total", "integer", "Of the last 5 s", true},
        {"issues", "#PerformanceIssue[]", "The last 16 of them, oldest first", true}}});
  router.add_schema({"SubjectPerformanceList",
                     {{"subjects", "#SubjectPerformance[]", "As in Performance", true}}});
  router.add_schema({"PerformanceIssue",
                     {{"kind", "stutter|low_fps|memory_pressure", "", true},
                      {"severity", "low|medium|high", "", true},
                      {"source", "server|claim", "Who says so", true},
                      {"value", "number", "Frame ms, frames a second or memory %, by kind", true},
                      {"at", "time", "", true}}});
  router.add_schema({"Average",
                     {{"value", "number", "", true, true},
                      {"samples_used", "integer", "Known ones", true},
                      {"samples_total", "integer", "", true},
                      {"window_s", "number", "", true}}});
  router.add_schema({"HistoryPoint",
                     {{"at", "time", "", true},
                      {"cpu_usage", "number", "%", true, true},
                      {"memory_usage", "number", "%", true, true},
                      {"fps", "number", "1/s", true, true},
                      {"latency", "number", "ms", true, true},
                      {"response_time", "number", "ms", true, true}}});
}

void add_sample_schemas(api::Router& router) {
  router.add_schema({"Sample",
                     {{"signal", "string",
                       "fps, frame_ms (one frame), latency, response_time or tick_ratio", true},
                      {"value", "number", "1/s, ms, ms, ms or a ratio", true},
                      {"subject", "string", "Session or client"}}});
  router.add_schema(
      {"ProcessSample",
       {{"pid", "integer", "Of the tree's root", true},
        {"cpu_pct", "number", "% of one core", true, true},
        {"demand_pct", "number", "Run time and run-queue wait, % of one core", true, true},
        {"rss_bytes", "number", "", true, true}}});
  std::vector<api::Field> sample = {
      {"processes", "map:#ProcessSample", "Watched process trees by subject", true},
      {"score", "#Signal", "0 to 100"}};
  for (const auto& field : kSnapshotFields) sample.push_back({field.name, "#Signal", field.unit});
  router.add_schema({"MetricSample", std::move(sample)});
  router.add_schema({"SystemAlert",
                     {{"event", "string", "Stable name", true},
                      {"message", "string", "For people", true},
                      {"active", "boolean", "False: it is over", true}}});
  router.add_schema({"Samples", {{"samples", "#Sample[]", "At most 500", true}}});
  router.add_schema({"SamplesAccepted", {{"accepted", "integer", "", true}}});
}

void add_metric_schemas(api::Router& router) {
  router.add_schema({"Metric",
                     {{"name", "string", "", true},
                      {"type", "string", "counter, gauge, histogram_count or histogram_sum", true},
                      {"help", "string", "", true},
                      {"labels", "map:string", "", true},
                      {"value", "number", "", true}}});
  router.add_schema(
      {"MetricList",
       {{"items", "#Metric[]", "", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema({"SeriesPoint",
                     {{"timestamp", "time", "Start of the step", true},
                      {"value", "number", "Null: nothing was measured", true, true},
                      {"min", "number", "When several samples stand behind the value"},
                      {"max", "number", "The same"},
                      {"avg", "number", "The same"}}});
  router.add_schema({"SeriesAggregate",
                     {{"timestamp", "time", "As from", true},
                      {"from", "time", "Of the first sample", true},
                      {"to", "time", "Of the last sample", true},
                      {"count", "integer", "Samples", true},
                      {"min", "number", "", true},
                      {"max", "number", "", true},
                      {"avg", "number", "", true},
                      {"p95", "number", "sorted[min(floor(n*p), n-1)]", true},
                      {"p99", "number", "The same", true}}});
  router.add_schema({"SeriesName",
                     {{"name", "string", "", true},
                      {"subject", "string", "What it is about; empty: the machine", true},
                      {"unit", "string", "", true}}});
  router.add_schema({"SeriesList",
                     {{"items", "#SeriesName[]", "By name, then subject", true},
                      {"next_cursor", "string", "", true, true}}});
  router.add_schema({"SeriesPoints",
                     {{"name", "string", "", true},
                      {"unit", "string", "", true},
                      {"points", "#SeriesPoint[]", "Oldest first, evenly spaced", true},
                      {"aggregates", "#SeriesAggregate[]",
                       "With ?aggregates=true: those that the window touches, oldest first"}}});
}

}  // namespace

void add_monitor_schemas(api::Router& router) {
  add_health_schemas(router);
  add_performance_schemas(router);
  add_sample_schemas(router);
  add_metric_schemas(router);
}

}  // namespace gk::monitor
