// process_task.h: runs one program for a task, in a process tree of its own, and ends all of it.
//
// The program runs under gamekeeper-worker (sys/spawn.h): in namespaces where the system allows
// them, otherwise in a session of its own. It ends when the daemon does. Its output is read in
// small shares, so a flood slows the program, not the daemon.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "net/loop.h"
#include "sys/spawn.h"

namespace gk::arbiter {

/// Source: contract of the tasks room (output); the rest is chosen.
struct ProcessOptions {
  std::string worker;               ///< Path of gamekeeper-worker.
  std::vector<std::string> hidden;  ///< What the program may not reach: the data directory.
  std::string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::size_t output_bytes = 4096;  ///< The tail that is kept.
  Millis drain_period{50};          ///< Between reads of its output.
  Millis term_grace{500};           ///< SIGTERM → kill of the whole tree.
  Millis kill_grace{2'000};         ///< Then the worker itself is killed.
};

/// How a program ended.
struct ProcessEnd {
  enum class How : std::uint8_t { exited, timed_out, stopped, not_started };
  How how = How::exited;
  int exit_code = 0;          ///< 128 + signal when a signal ended it.
  std::string output;         ///< The last bytes of stdout and stderr.
  std::uint64_t dropped = 0;  ///< Bytes before those.
  std::string why;            ///< not_started: for people.
};

/// Starts programs in the strongest confinement that the system allows.
/// Thread: loop.
class ProcessStarter {
 public:
  ProcessStarter(ProcessOptions options, net::Loop& loop, Log& log)
      : options_(std::move(options)), loop_(loop), log_(log) {}
  /// Errors: as sys::spawn_supervised().
  Result<sys::Spawned> start(const std::vector<std::string>& command);
  /// Confining failed with `failed`. False: there is nothing weaker.
  bool weaken(sys::Confinement failed, const std::string& why);
  const ProcessOptions& options() const { return options_; }
  net::Loop& loop() { return loop_; }

 private:
  const ProcessOptions options_;
  net::Loop& loop_;
  Log& log_;
  sys::Confinement mode_ = sys::Confinement::user_namespace;
};

/// One program. Destroying it ends the tree at once.
/// Thread: loop.
class ProcessTask {
 public:
  using Done = std::function<void(const ProcessEnd&)>;

  /// Requires: the starter outlives it.
  explicit ProcessTask(ProcessStarter& starter) : starter_(starter) {}

  /// `done` comes once, when the whole tree is gone; not before this returns, never after the
  /// destruction. It may destroy this.
  /// Errors: as ProcessStarter::start(). Then `done` is not called.
  Result<void> start(std::vector<std::string> command, Nanos timeout, Done done);
  /// Ends it: SIGTERM, and soon after the whole tree.
  void stop() { end_with(ProcessEnd::How::stopped); }
  int pid() const { return spawned_.process.pid(); }

 private:
  Result<void> launch();
  void drain();
  void on_exit();
  void end_with(ProcessEnd::How how);
  void control(char byte);

  ProcessStarter& starter_;
  std::vector<std::string> command_;
  Done done_;
  sys::Spawned spawned_;
  ProcessEnd end_;
  bool ending_ = false;
  net::Handle exit_watch_, drain_timer_, timeout_, escalation_;
};

}  // namespace gk::arbiter
