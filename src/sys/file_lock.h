// file_lock.h: one daemon a data directory.

#pragma once

#include <string>

#include "gamekeeper/result.h"
#include "sys/files.h"

namespace gk::sys {

/// Holds a data directory for this process, by flock(2) on `<dir>/gamekeeper.lock`. The kernel
/// drops the lock when the process ends in whatever way; the file itself stays.
/// Thread: compatible.
class DirLock {
 public:
  /// Errors: failed_precondition (another process holds it; the message has its pid), as
  ///         file_error().
  static Result<DirLock> acquire(const std::string& dir);

 private:
  explicit DirLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace gk::sys
