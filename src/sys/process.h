// process.h: another process, held by a pidfd so that a reused pid never hits a stranger.

#pragma once

#include <cstdint>
#include <optional>

#include "gamekeeper/result.h"
#include "sys/files.h"

namespace gk::sys {

/// How a child ended: by exit code, or by a signal (then `signal` > 0).
struct ExitStatus {
  int code = 0;
  int signal = 0;
};

/// What /proc says of a process.
struct ProcessFacts {
  unsigned uid = 0;  ///< Real user id.
  int parent = 0;
  std::uint64_t start_ticks = 0;  ///< Since boot; with the pid it names one process for ever.
};

/// Errors: not_found (no such process), unavailable (unreadable).
Result<ProcessFacts> process_facts(int pid);

/// Thread: compatible.
class ProcessHandle {
 public:
  ProcessHandle() = default;
  /// Holds the process that has `pid` now and started at `start_ticks`.
  /// Errors: not_found (gone, or the pid is another process's by now), permission_denied,
  ///         resource_exhausted.
  static Result<ProcessHandle> open(int pid, std::uint64_t start_ticks);
  /// Takes over a pidfd, e.g. of a child that clone() made.
  static ProcessHandle adopt(Fd pidfd, int pid);

  int pid() const { return pid_; }
  int fd() const { return fd_.get(); }  ///< Readable when the process has ended.
  explicit operator bool() const { return static_cast<bool>(fd_); }

  /// Errors: not_found (it has ended), permission_denied.
  Result<void> send_signal(int number) const;
  /// The same for a path that must not allocate: false on any failure.
  bool try_signal(int number) const noexcept;
  /// True when it has ended; of a namespace's init: when every process in it has ended.
  bool has_ended() const noexcept;
  /// Collects a child that has ended. Nothing: it runs still, or is not our child.
  std::optional<ExitStatus> try_reap() const noexcept;

 private:
  Fd fd_;
  int pid_ = 0;
};

}  // namespace gk::sys
