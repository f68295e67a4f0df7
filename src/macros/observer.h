// observer.h: what the macro service needs of the monitor. The server hands in an adapter over
// monitor::Monitor, tests a fake.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/topic.h"
#include "gamekeeper/result.h"
#include "macros/rules/simulation.h"
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

  /// One signal between two times, as it was recorded; nothing of an unknown one. `done` comes on
  /// the loop, perhaps before this returns.
  using Recorded = std::function<void(Result<RecordedSeries>)>;
  virtual void history(const std::string& signal, const std::string& subject, WallTime from,
                       WallTime to, Recorded done) = 0;
  /// Subjects of macros ("macro:ID") that have been measured lately.
  virtual std::vector<std::string> measured_macros() const = 0;
};

}  // namespace gk::macros
