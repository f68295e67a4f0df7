// monitor_observer.h: lets the macros see the monitor. The rooms do not include each other's
// services; this adapter connects them.

#pragma once

#include "macros/observer.h"
#include "monitor/monitor.h"

namespace gk::server {

/// Thread: loop. Requires: the monitor outlives it.
class MonitorObserver final : public macros::Observer {
 public:
  explicit MonitorObserver(monitor::Monitor& monitor) : monitor_(monitor) {}

  Result<void> watch(std::string_view subject, int pid) override {
    return monitor_.watch(subject, pid);
  }
  void unwatch(std::string_view subject) override { monitor_.unwatch(subject); }
  void set_fast(bool fast) override {
    if (fast && !fast_) hold_ = monitor_.hold_fast();
    if (!fast) hold_.reset();
    fast_ = fast;
  }
  Published latest() const override { return monitor_.latest(); }
  Topic<Published>& snapshots() override { return monitor_.snapshots(); }
  void history(const std::string& signal, const std::string& subject, WallTime from, WallTime to,
               Recorded done) override {
    monitor_.query_recorded(
        signal, subject, from, to,
        [signal, subject, done = std::move(done)](Result<monitor::SavedSeries> found) {
          if (!found) return done(found.error());
          done(macros::RecordedSeries{signal, subject, std::move(found->raw),
                                      std::move(found->aggregates)});
        });
  }
  std::vector<std::string> measured_macros() const override {
    std::vector<std::string> subjects;
    for (const auto& [key, entry] : monitor_.series().all()) {
      if (key.name == "process_demand_pct" && key.subject.starts_with("macro:")) {
        subjects.push_back(key.subject);
      }
    }
    return subjects;
  }

 private:
  monitor::Monitor& monitor_;
  monitor::Sampler::FastHold hold_;  // 10 Hz while it lives.
  bool fast_ = false;
};

}  // namespace gk::server
