// file_below.h: opens files inside one directory and nowhere else.
//
// For names that come from outside (a request, a script, an archive). The kernel confines the
// lookup (openat2), so "..", an absolute path or a symbolic link cannot lead out, and there is no
// gap between a check and its use.

#pragma once

#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "sys/files.h"

namespace gk::sys {

enum class BelowMode : std::uint8_t {
  read,        ///< An existing regular file.
  create_new,  ///< A new file, mode 0600; an existing one is an error.
  append,      ///< A file to append to, created with mode 0600.
};

/// A directory below which files may be opened.
/// Thread: immutable.
class ConfinedDir {
 public:
  /// Errors: as file_error().
  static Result<ConfinedDir> open(const std::string& path);

  /// Opens `relative` (may contain directories).
  /// Errors: permission_denied (leads out of the directory or over a symbolic link),
  ///         failed_precondition (not a regular file), as file_error().
  Result<Fd> open_file(std::string_view relative, BelowMode mode) const;

  /// Puts `content` in place of what is at `relative`, mode 0600. After success it is on disk;
  /// after an error or a crash the old file is untouched. A crash may leave `<relative>.gk-tmp`
  /// behind, which the next call for the same name takes away. One caller a name at a time. Errors:
  /// permission_denied (as open_file()), not_found (no such directory),
  ///         failed_precondition (something there is not a regular file), as file_error().
  Result<void> replace_file(std::string_view relative, std::string_view content) const;
  /// Takes the file away, and what a crash of replace_file() left of it. Success when there is
  /// none. Errors: as replace_file().
  Result<void> remove_file(std::string_view relative) const;

  /// Errors: as open_file() and read_file().
  Result<std::string> read_file(std::string_view relative, std::size_t max_bytes) const;

 private:
  struct Place;
  Result<Place> place_of(std::string_view relative) const;
  ConfinedDir(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::string path_;
};

}  // namespace gk::sys
