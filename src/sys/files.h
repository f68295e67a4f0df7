// files.h: files that survive a crash and that only their owner can read.
//
// Small whole files only: configuration, keys, the setup code. What grows lives in src/store, logs
// in base/log.h. Paths that come from outside go through file_below.h, never through here. The
// lock of a data directory is file_lock.h, the check for network file systems file_system.h. Not
// named file.h: that would hide the system's <sys/file.h>.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gamekeeper/result.h"

namespace gk::sys {

/// Owns a file descriptor and closes it.
/// Thread: compatible.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = other.release();
    }
    return *this;
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

/// The Error for `number` (an errno value): "cannot <what> <path>: <errno text>".
/// Codes: not_found, permission_denied, already_exists, resource_exhausted (disk full, too many
///        files), failed_precondition (a file of the wrong kind), else unavailable.
Error file_error(std::string_view what, std::string_view path, int number);

/// Reads a whole file.
/// Errors: resource_exhausted (larger than `max_bytes`), as file_error().
/// Thread: safe.     Cost: blocks.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);
Result<std::string> read_file(const Fd& fd, const std::string& path, std::size_t max_bytes);

/// Puts `content` in place of what is at `path`, with mode 0600. After success the new content is
/// on disk; after an error or a crash the old file is untouched (a crash may leave
/// `<path>.tmp-XXXXXX` behind).
/// Errors: as file_error().
/// Thread: safe.     Cost: blocks; two disk syncs.
Result<void> replace_file(const std::string& path, std::string_view content);

/// Creates an empty file of mode 0600 unless something is there. True: it was created.
/// Errors: as file_error().
Result<bool> ensure_private_file(const std::string& path);

/// Creates `path` and its missing parents with mode 0700. A directory that is there and ours but
/// open to others is closed to them.
/// Errors: failed_precondition (not a directory), as file_error().
Result<void> make_private_dir(const std::string& path);

/// The names in a directory, sorted, without "." and "..".
/// Errors: resource_exhausted (more than `max_entries`), as file_error().
Result<std::vector<std::string>> list_dir(const std::string& path, std::size_t max_entries);

/// Syncs a directory, so that a new or renamed name in it survives a power loss.
Result<void> sync_dir(const std::string& path);

/// The directory part of `path`: "." when it has none.
std::string parent_dir(const std::string& path);

/// True for `[a-z0-9_-]{1,64}`: what may become a file name when it comes from outside.
bool is_safe_name(std::string_view name);

}  // namespace gk::sys
