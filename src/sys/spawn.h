// spawn.h: starts a program under gamekeeper-worker, which confines and supervises it.
//
// The worker is the init of the program's own PID namespace: killing it makes the kernel kill every
// process in there, however it was forked, and it ends only after all of them. What the worker does
// in the namespace is src/worker; when to start and stop is the caller's.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"
#include "sys/late_fd.h"
#include "sys/process.h"

namespace gk::sys {

/// How a program is kept apart, strongest first.
enum class Confinement : std::uint8_t {
  user_namespace,  ///< Own user, mount and PID namespaces.
  root_namespace,  ///< Own mount and PID namespaces and no capabilities: root without user ns.
  session,  ///< Own session only: it can reach the daemon's files, and may need a walk to kill.
};

/// "namespace" or "session", as the API reports it.
std::string_view confinement_name(Confinement mode);

struct SpawnSpec {
  std::string worker;                    ///< Path of gamekeeper-worker.
  std::vector<std::string> command;      ///< [0] is an absolute path. At most 64 KiB in all.
  std::vector<std::string> environment;  ///< "NAME=value"; nothing else is passed on.
  std::string directory = "/";           ///< Where it starts.
  std::vector<std::string> hidden;       ///< Directories or files that it must not reach.
  /// RLIMIT_NPROC, which Linux does not enforce for root. In a PID namespace of Linux 6.14 or later
  /// also the most tasks, and at most 300 more, for everybody.
  std::uint32_t max_processes = 256;
  std::uint32_t max_open_files = 1024;  ///< RLIMIT_NOFILE.
  std::uint64_t max_memory_bytes = 0;   ///< RLIMIT_AS of each process; 0: none.
  int lanes = -1;      ///< The program gets a copy as kLanesFd, to ask for lanes; -1: none.
  int input_fd = -1;   ///< Its standard input, borrowed; -1: /dev/null.
  int output_fd = -1;  ///< Its standard output, borrowed; -1: with its errors, Spawned::output.
  /// Where Spawned::mounts is closed, which may block for some 10 ms; null: it is not opened.
  std::shared_ptr<WorkerPool> unmounting;
};

/// Where a program finds its connection to the lanes, see SpawnSpec::lanes.
inline constexpr int kLanesFd = 5;

/// A started worker. It ends when `control` is closed, so nothing outlives the daemon.
struct Spawned {
  ProcessHandle process;  ///< The worker; kill it, and the whole tree is gone.
  Fd output;              ///< stdout and stderr of the program, non-blocking.
  Fd control;             ///< See control_byte.
  Fd report;              ///< End of file: the program runs. "E stage errno\n" before: it does not.
  Confinement mode = Confinement::session;
  /// Its mount namespace, if SpawnSpec::unmounting asks for it and it has one of its own. While it
  /// is open, the end of the worker does not wait for the unmounting, which closing it does
  /// instead.
  LateFd mounts;
};

/// What the worker obeys on `control`.
namespace control_byte {
inline constexpr char kTerminate = 't';  ///< SIGTERM to the program.
inline constexpr char kPause = 'p';      ///< Stops every process of the tree.
inline constexpr char kResume = 'r';
inline constexpr char kKill = 'k';
}  // namespace control_byte

/// Starts the worker with the program. Returns when the worker has been executed; whether the
/// program could be executed comes through `report`.
/// Errors: unavailable (this confinement is refused by the system; says at which stage),
///         not_found (no worker), resource_exhausted, invalid_argument (no absolute path).
/// Thread: safe.     Cost: blocks for about a millisecond (vfork and exec).
Result<Spawned> spawn_supervised(const SpawnSpec& spec, Confinement mode);

/// Kills the whole tree; the worker's end says that nobody of it is left. In a session the worker
/// is not killed, since orphans would no longer come to it: it is told to kill, and this helps with
/// a walk. False: it has ended before.
/// Thread: safe.     Cost: in a session it blocks for some walks of /proc, see process_tree.h.
bool kill_tree(const Spawned& spawned);

}  // namespace gk::sys
