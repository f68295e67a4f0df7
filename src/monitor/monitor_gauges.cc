#include "monitor/monitor_gauges.h"

#include <array>
#include <limits>

namespace gk::monitor {
namespace {

double known_or_nan(const Signal& signal, MonoTime now) {
  return signal.is_known(now) ? signal.value() : std::numeric_limits<double>::quiet_NaN();
}

void raise_to(Counter& counter, std::uint64_t before, std::uint64_t after) {
  if (after > before) counter.inc(static_cast<double>(after - before));
}

constexpr std::array kSources = {SampleSource::server, SampleSource::claim};
constexpr std::array kKinds = {IssueKind::stutter, IssueKind::low_fps, IssueKind::memory_pressure};
constexpr std::array kSeverities = {IssueSeverity::low, IssueSeverity::medium, IssueSeverity::high};

std::size_t index_of(const PerformanceIssue& issue) {
  return (static_cast<std::size_t>(issue.source) * kKinds.size() +
          static_cast<std::size_t>(issue.kind)) *
             kSeverities.size() +
         static_cast<std::size_t>(issue.severity);
}

}  // namespace

MonitorGauges::MonitorGauges(Metrics& m)
    : cpu_(m.gauge("gamekeeper_cpu_usage_percent", "CPU in use, % of all cores")),
      memory_(m.gauge("gamekeeper_memory_usage_percent", "Memory that is not available, %")),
      swap_(m.gauge("gamekeeper_swap_usage_percent", "Swap in use, %")),
      disk_(m.gauge("gamekeeper_disk_usage_percent", "Use of the data directory's file system, %")),
      load_(m.gauge("gamekeeper_load1", "Load average of one minute")),
      psi_cpu_(m.gauge("gamekeeper_pressure_cpu_percent", "Some task waited for a CPU, % of 10 s")),
      psi_memory_(
          m.gauge("gamekeeper_pressure_memory_percent", "Some task waited for memory, % of 10 s")),
      psi_io_(m.gauge("gamekeeper_pressure_io_percent", "Some task waited for I/O, % of 10 s")),
      resident_(m.gauge("gamekeeper_process_resident_memory_bytes",
                        "Resident memory of the daemon and its children")),
      own_cpu_(m.gauge("gamekeeper_process_cpu_usage_percent",
                       "CPU of the daemon and its children, % of one core")),
      interval_(m.gauge("gamekeeper_sampler_interval_seconds", "Sampling interval in effect")),
      watched_(m.gauge("gamekeeper_sampler_watched_processes", "Process trees being watched")),
      series_(m.gauge("gamekeeper_series", "Time series in memory")),
      series_bytes_(m.gauge("gamekeeper_series_memory_bytes", "Memory of all series")),
      snapshots_(m.counter("gamekeeper_sampler_snapshots_total", "Snapshots taken")),
      fills_(m.counter("gamekeeper_series_buffer_fills_total", "Times a series' ring was full")),
      folds_(m.counter("gamekeeper_series_aggregations_total", "Aggregates made")),
      dropped_(m.counter("gamekeeper_series_dropped_samples_total",
                         "Samples refused: memory limit, clock went back, not finite")),
      unsaved_lost_(m.counter("gamekeeper_series_unsaved_lost_samples_total",
                              "Raw samples that left memory before they could be saved")),
      save_failures_(m.counter("gamekeeper_series_save_failures_total",
                               "Batches of samples that could not be saved and are tried again")) {
  for (const SampleSource source : kSources) {
    for (const IssueKind kind : kKinds) {
      for (const IssueSeverity severity : kSeverities) {
        issues_.push_back(m.counter("gamekeeper_performance_issues_total",
                                    "Performance issues, by kind and by who says so",
                                    {{"kind", std::string(issue_kind_name(kind))},
                                     {"severity", std::string(severity_name(severity))},
                                     {"source", std::string(source_name(source))}}));
      }
    }
  }
}

void MonitorGauges::raised(const PerformanceIssue& issue) { issues_[index_of(issue)].inc(); }

void MonitorGauges::update(const Snapshot& snapshot, const SeriesSet& series) {
  const MonoTime now = snapshot.at;
  cpu_.set(known_or_nan(snapshot.cpu_usage, now));
  memory_.set(known_or_nan(snapshot.memory_usage, now));
  swap_.set(known_or_nan(snapshot.swap_usage, now));
  disk_.set(known_or_nan(snapshot.disk_usage, now));
  load_.set(known_or_nan(snapshot.load1, now));
  psi_cpu_.set(known_or_nan(snapshot.psi_cpu, now));
  psi_memory_.set(known_or_nan(snapshot.psi_memory, now));
  psi_io_.set(known_or_nan(snapshot.psi_io, now));
  const auto self = snapshot.processes.find("self");
  const bool watched = self != snapshot.processes.end();
  resident_.set(known_or_nan(watched ? self->second.rss_bytes : Signal(), now));
  own_cpu_.set(known_or_nan(watched ? self->second.cpu_pct : Signal(), now));
  interval_.set(std::chrono::duration<double>(snapshot.interval).count());
  watched_.set(static_cast<double>(snapshot.processes.size()));
  snapshots_.inc();
  const SeriesStats stats = series.stats();
  series_.set(static_cast<double>(stats.series));
  series_bytes_.set(static_cast<double>(series.memory_bytes()));
  raise_to(fills_, before_.buffer_fills, stats.buffer_fills);
  raise_to(folds_, before_.aggregations_performed, stats.aggregations_performed);
  raise_to(dropped_, before_.dropped, stats.dropped);
  raise_to(unsaved_lost_, before_.unsaved_lost, stats.unsaved_lost);
  before_ = stats;
}

}  // namespace gk::monitor
