// observer.h: what the macro service needs of the monitor. The server hands in an adapter over
// monitor::Monitor, tests a fake.

#pragma once

#include <memory>
#include <string_view>

#include "base/topic.h"
#include "gamekeeper/result.h"
#include "monitor/rules/snapshot.h"

namespace gk::macros {

/// Thread: loop.
class Observer {
 public:
  using Published = std::shared_ptr<const monitor::Snapshot>;  // Shared: readers outlive the next.

  virtual ~Observer() = default;
  /// Adds the tree below `pid` to the snapshots, as processes[subject].
  virtual Result<void> watch(std::string_view subject, int pid) = 0;
  virtual void unwatch(std::string_view subject) = 0;
  /// True while a macro runs: sample at 10 Hz.
  virtual void set_fast(bool fast) = 0;
  virtual Published latest() const = 0;  ///< Null before the first.
  virtual Topic<Published>& snapshots() = 0;
};

}  // namespace gk::macros
