#include "monitor/process_table.h"

#include <utility>

namespace gk::monitor {
namespace {

double pct_of(Nanos used, Nanos wall) {
  return 100.0 * static_cast<double>(used.count()) / static_cast<double>(wall.count());
}

void set_unknown(ProcessSample& sample, const std::string& reason, MonoTime now, WallTime wall) {
  sample.alive = false;
  sample.processes = 0;
  for (auto member : {&ProcessSample::cpu_pct, &ProcessSample::demand_pct,
                      &ProcessSample::rss_bytes, &ProcessSample::threads}) {
    sample.*member = Signal::unknown(reason, now, wall);
  }
}

}  // namespace

ProcessTable::ProcessTable(sys::ProcLimits limits, const Clock& clock)
    : context_(std::move(limits)), clock_(clock) {}

void ProcessTable::set_watched(const WatchList& wanted) {
  std::erase_if(watched_, [&](const auto& item) {
    const auto it = wanted.find(item.first);
    return it == wanted.end() || it->second != item.second.pid;
  });
  for (const auto& [subject, pid] : wanted) {
    if (watched_.contains(subject)) continue;
    watched_.emplace(
        subject,
        Watched{.pid = pid, .tree = std::make_unique<sys::ProcTree>(context_, pid), .before = {}});
  }
}

void ProcessTable::read(Snapshot& out, std::uint64_t forks, Nanos interval) {
  context_.begin_round(forks);
  std::erase_if(out.processes, [&](const auto& item) { return !watched_.contains(item.first); });
  for (auto& [subject, watched] : watched_) {
    read_one(subject, watched, out.processes[subject], out.wall, interval);
  }
}

void ProcessTable::read_one(const std::string& subject, Watched& watched, ProcessSample& sample,
                            WallTime wall, Nanos interval) {
  if (sample.subject.empty()) sample.subject = subject;
  sample.root_pid = watched.pid;
  const MonoTime now = clock_.mono();  // Right before reading: 20 trees take a while.
  const auto usage = watched.tree->read();
  if (!usage) {
    set_unknown(sample, usage.error().message, now, wall);
    return;
  }
  if (!usage->alive) {
    set_unknown(sample, "process " + std::to_string(watched.pid) + " has ended", now, wall);
    return;
  }
  sample.alive = true;
  sample.processes = usage->processes;
  sample.rss_bytes = Signal::known(static_cast<double>(usage->rss_bytes), now, wall, interval);
  sample.threads = Signal::known(usage->threads, now, wall, interval);
  // From before the earlier reading to after this one: the thread may be held up on either side of
  // the moment at which a file was read, and a share must never be overstated by that. It is
  // understated by the part of the time that the readings took.
  const Nanos elapsed = clock_.mono() - watched.before_at;
  if (watched.found && elapsed > Nanos(0)) {
    const Nanos run = usage->run - watched.before.run;
    const Nanos wait = usage->wait - watched.before.wait;
    sample.cpu_pct = Signal::known(pct_of(run, elapsed), now, wall, interval);
    sample.demand_pct = Signal::known(pct_of(run + wait, elapsed), now, wall, interval);
  } else {
    sample.cpu_pct = sample.demand_pct = Signal::unknown("needs two readings", now, wall);
  }
  watched.found = true;
  watched.before = *usage;
  watched.before_at = now;
}

}  // namespace gk::monitor
