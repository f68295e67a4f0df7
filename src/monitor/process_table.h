// process_table.h: the watched process trees of the sampler, from totals to rates.

#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "monitor/rules/snapshot.h"
#include "sys/proc_tree.h"

namespace gk::monitor {

/// Which pid each subject stands for.
using WatchList = std::map<std::string, int, std::less<>>;

/// Thread: compatible (the sampler's).
class ProcessTable {
 public:
  ProcessTable(sys::ProcLimits limits, const Clock& clock);

  /// Takes over what is to be watched from now on. A subject whose pid changed starts anew.
  void set_watched(const WatchList& wanted);
  /// Reads all trees into out.processes.
  /// `forks`: "processes" of /proc/stat, read before; 0 when unknown.
  void read(Snapshot& out, std::uint64_t forks, Nanos interval);

  std::size_t held_files() const { return context_.held(); }

 private:
  struct Watched {
    int pid = 0;
    std::unique_ptr<sys::ProcTree> tree;
    bool found = false;  // Read at least once.
    sys::TreeUsage before;
    MonoTime before_at{};  // Right before `before` was read.
  };
  void read_one(const std::string& subject, Watched& watched, ProcessSample& sample, WallTime wall,
                Nanos interval);

  sys::ProcContext context_;
  const Clock& clock_;
  std::map<std::string, Watched, std::less<>> watched_;
};

}  // namespace gk::monitor
