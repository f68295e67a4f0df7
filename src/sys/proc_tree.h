// proc_tree.h: what a process and all its descendants use: CPU, demand, memory. The culprit on a
// busy machine has a low CPU share and a high demand, so run-queue wait is read for every thread.
//
// Descendants are found by /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN), else by one scan of
// /proc a round. A member stays a member when its parent ends and it is re-parented.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "sys/proc_account.h"
#include "sys/proc_file.h"
#include "sys/proc_parse.h"

namespace gk::sys {

/// Source of the numbers: chosen; 768 leaves a quarter of the usual 1,024 descriptors to others.
struct ProcLimits {
  std::string root = "/";            ///< Where "proc" is; tests point it at a fake tree.
  std::size_t max_held_files = 768;  ///< Held descriptors of all trees. [0, 100'000] Beyond:
                                     ///< files are opened for each reading.
  std::size_t max_processes = 1024;  ///< Of one tree; the newest are not counted. [1, 65'536]
  std::size_t max_threads = 4096;    ///< Of one tree; the newest are not counted. [1, 65'536]
};

/// Totals of a tree. Times count from the first reading and never fall.
struct TreeUsage {
  bool alive = false;  ///< A process of the tree lives; a zombie does not.
  std::uint32_t processes = 0;
  std::uint32_t threads = 0;
  Nanos run{};   ///< CPU time.
  Nanos wait{};  ///< Time ready to run but not running.
  std::uint64_t rss_bytes = 0;
  bool truncated = false;  ///< A limit was reached: the truth is higher.
};

/// What all trees share: where /proc is, the descriptor budget, the scan of one round.
/// Thread: compatible.
class ProcContext {
 public:
  explicit ProcContext(ProcLimits limits);

  /// Starts a round of readings. `forks` is "processes" of /proc/stat, read before: when it did not
  /// change since the round before, nobody was born and the search for new members is skipped.
  /// 0 means unknown: always search.
  void begin_round(std::uint64_t forks);
  bool births_possible() const { return births_possible_; }

  /// Opens `relative` (below the root) within the budget; a closed file when the budget is used up.
  Result<ProcFile> hold(const char* relative);
  void released(std::size_t files) { held_ -= files; }
  std::size_t held() const { return held_; }
  /// Reads `file` when it is open, else the file at `relative` once. Into the shared buffer.
  Result<std::string_view> read(const ProcFile& file, const char* relative);
  /// Children of `pid` by a scan of all processes, made at most once a round.
  const std::vector<int>& scanned_children(int pid);
  /// Names in the directory `relative` that are numbers above 0.
  Result<void> list_pids(const char* relative, std::vector<int>& out);

  const ProcLimits& limits() const { return limits_; }
  bool uses_children_files() const { return children_files_; }
  void use_scan() { children_files_ = false; }

 private:
  const char* path(const char* relative);

  const ProcLimits limits_;
  std::string path_;
  std::vector<char> buffer_;
  std::size_t held_ = 0;
  std::uint64_t forks_ = 0;
  bool births_possible_ = true;
  bool children_files_ = true;
  bool scanned_ = false;
  std::map<int, std::vector<int>> scan_;
};

/// One watched tree.
/// Thread: compatible.  Cost: 2 reads a process and 1 a thread; with births possible 1 more each.
class ProcTree {
 public:
  /// Requires: `context` outlives the tree.
  ProcTree(ProcContext& context, int pid);
  ~ProcTree();
  ProcTree(const ProcTree&) = delete;
  ProcTree& operator=(const ProcTree&) = delete;

  /// Reads the tree. Processes that vanish meanwhile are dealt with.
  /// Errors: not_found (the first reading found no such process). Later, a tree without a living
  ///         process is a TreeUsage that is not alive.
  Result<TreeUsage> read();
  int root_pid() const { return root_pid_; }

 private:
  struct Thread {
    int tid = 0;
    ProcFile sched, children;
    Nanos run{}, wait{};
  };
  struct Process {
    int pid = 0;
    int parent = 0;
    std::uint64_t start_ticks = 0;
    ProcFile stat, statm;
    std::vector<Thread> threads;
    ProcessAccount account;
    std::uint64_t rss_pages = 0;
    Nanos reaped{};  // cutime + cstime, as read last.
    bool zombie = false;
    bool reaped_moved = false;  // `reaped` is to be accounted at the end of the round.
    bool child_ended = false;   // `reaped` is to be read again at the end of the round.
  };

  bool add(int pid);
  Result<PidStat> read_stat(Process& process);
  /// One round for member `index`; false when it is gone.
  bool refresh(std::size_t index);
  void refresh_memory(Process& process);
  void refresh_threads(Process& process);
  void list_threads(Process& process);
  void find_children(std::size_t index);
  void forget(std::size_t index);
  /// False: a child ended meanwhile, call again. Each call but the last removes a member.
  bool settle_children(std::size_t& index);
  void settle_reaped();
  Process* find(int pid);
  TreeUsage totals() const;
  void release(ProcFile& file);

  ProcContext& context_;
  const int root_pid_;
  std::vector<Process> members_;  // In order of discovery; the root first while it lives.
  std::size_t thread_count_ = 0;
  bool first_ = true;
  bool truncated_ = false;
  Nanos orphans_run_{};             // Of ended members whose parent is not a member.
  Nanos ended_wait_{};              // Of ended threads.
  Nanos base_run_{}, base_wait_{};  // At the first reading.
};

}  // namespace gk::sys
