// loop_driver.h: ties Monitor and Health to a net::Loop. They know functions only, so that their
// tests need no loop.

#pragma once

#include <functional>
#include <memory>

#include "gamekeeper/time.h"
#include "net/loop.h"

namespace gk::monitor {

/// Post: runs a task on the loop, from any thread.
inline std::function<void(std::function<void()>)> post_to(net::Loop& loop) {
  return [&loop](std::function<void()> task) { loop.post(std::move(task)); };
}

/// One timer that a later call replaces, for Health's WakeAfter.
/// Thread: loop. Requires: destroyed before the loop; set_target() before the first wake.
class WakeTimer {
 public:
  explicit WakeTimer(net::Loop& loop) : loop_(loop) {}
  void set_target(std::function<void()> target) { target_ = std::move(target); }
  std::function<void(Nanos)> wake_after() {
    return [this](Nanos delay) {
      timer_ = loop_.after(delay, [this] {
        if (target_) target_();
      });
    };
  }

 private:
  net::Loop& loop_;
  std::function<void()> target_;
  net::Handle timer_;
};

}  // namespace gk::monitor
