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

 private:
  monitor::Monitor& monitor_;
  monitor::Sampler::FastHold hold_;  // 10 Hz while it lives.
  bool fast_ = false;
};

}  // namespace gk::server
