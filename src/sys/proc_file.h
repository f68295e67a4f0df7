// proc_file.h: a /proc file that stays open and is read again from the start.
//
// Re-reading costs a third of open-read-close, and a held descriptor is bound to its process: when
// the pid is reused by another process, reading fails instead of answering for a stranger.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "gamekeeper/result.h"

namespace gk::sys {

/// Thread: compatible. Move-only; closes at its end.
class ProcFile {
 public:
  ProcFile() = default;  ///< Closed.
  ~ProcFile();
  ProcFile(ProcFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ProcFile& operator=(ProcFile&& other) noexcept;

  /// Errors: not_found (no such file or process), permission_denied, resource_exhausted (too many
  ///         open files), unavailable (anything else).
  static Result<ProcFile> open(const char* path);

  /// Reads the whole file into `buffer` and returns the part that was filled.
  /// Requires: is_open().
  /// Errors: not_found (the process has ended), resource_exhausted (does not fit), unavailable.
  /// Cost: one or two system calls; allocates only for an error.
  Result<std::string_view> read(std::span<char> buffer) const;

  bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  explicit ProcFile(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// open() and read() for a file that is not worth a descriptor.
Result<std::string_view> read_proc_once(const char* path, std::span<char> buffer);

}  // namespace gk::sys
