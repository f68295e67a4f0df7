// process_macro.h: starts process macros in the strongest confinement that the system allows, and
// holds one: its process, its output, its end.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "macros/script_host.h"
#include "sys/spawn.h"

namespace gk::macros {

struct LauncherOptions {
  std::string worker;                                 ///< Path of gamekeeper-worker.
  std::vector<std::string> hidden;                    ///< The data directory, at least.
  std::string path = "/usr/local/bin:/usr/bin:/bin";  ///< PATH of the macro.
  std::uint32_t max_processes = 256;
  std::uint32_t max_open_files = 1024;
  std::uint64_t max_memory_bytes = 0;  ///< Address space of each process; 0: none.
  /// Asks malloc for huge pages: a process of 256 MiB then ends with 1.4 ms of CPU time, not 27.
  /// Source: bench/macros_kill_bench.cc.
  bool huge_pages = true;
  /// A connection to the lanes for a macro that runs `program`; a closed one: it gets none.
  std::function<sys::Fd(const std::string& macro_id, const std::string& program)> lanes;
  bool allow_session = true;  ///< False: no process macro runs without namespaces.
  /// What is tried first.
  sys::Confinement strongest = sys::Confinement::user_namespace;
};

/// Thread: loop. Blocks for the millisecond that vfork and exec take.
class ProcessLauncher {
 public:
  ProcessLauncher(LauncherOptions options, Log& log, Metrics& metrics);

  /// Starts `command` for `macro_id`, weakening the confinement only when the system refuses it.
  /// Errors: invalid_argument, not_found (no worker), unavailable (refused).
  /// `ends`: its standard input and output, borrowed, when it speaks JSON lines.
  Result<sys::Spawned> launch(const std::string& macro_id, const std::vector<std::string>& command,
                              const std::string& args_json, const ProgramEnds* ends = nullptr);
  /// The report of a launch says that confining failed: the next launch tries the next weaker mode.
  /// False: there is none.
  bool weaken(sys::Confinement failed, const std::string& why);

  /// What the next launch uses; what is known only after the first try is assumed.
  sys::Confinement mode() const { return mode_; }

 private:
  void publish();

  const LauncherOptions options_;
  Log& log_;
  Gauge namespace_gauge_;
  Gauge session_gauge_;
  sys::Confinement mode_;
  std::shared_ptr<WorkerPool> unmounting_;  // Each end costs up to 50 ms of waiting.
};

/// Ends a process macro with everything it started, see sys::kill_tree(). No allocation when it is
/// in a namespace. False: the signal could not be sent.
bool kill_process_macro(const sys::Spawned& spawned);

/// Whether the end of its worker proves that nobody of the macro is left. Not in a session whose
/// worker was killed by somebody (not by us): then its orphans have gone to init.
bool proves_end(const sys::Spawned& spawned, const sys::ExitStatus& status);

/// Who of it lives, for the evidence: "3 processes: 12 13 14", at most 16 named; empty: unknown,
/// because it is in a namespace, or nobody.
std::string name_survivors(const sys::Spawned& spawned);

/// The last bytes that a macro printed.
/// Thread: compatible.
class OutputTail {
 public:
  /// At most 64 KiB. Source: contract of this stage.
  explicit OutputTail(std::size_t limit = 64 * 1024) : limit_(limit) {}
  /// Reads what is there, at most one pipe full. The writer waits for the next call, so a flood
  /// costs the daemon a bounded share. Cost: O(limit).
  void drain(int fd);
  void add(std::string_view text);
  const std::string& text() const { return text_; }
  std::uint64_t dropped_bytes() const { return dropped_bytes_; }

 private:
  std::size_t limit_;
  std::string text_;
  std::uint64_t dropped_bytes_ = 0;
};

}  // namespace gk::macros
