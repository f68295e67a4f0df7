// dir_watch.h: names of files that change in one directory, as a readable descriptor (inotify).

#pragma once

#include <string>
#include <vector>

#include "sys/files.h"

namespace gk::sys {

/// Thread: compatible.
class DirWatch {
 public:
  /// What happened to `name`. An empty name: so much happened that all must be looked at.
  struct Change {
    std::string name;
    bool gone = false;  ///< Removed or moved away; otherwise written or moved here.
  };

  /// Errors: not_found, permission_denied, resource_exhausted (the user's limit of watches).
  static Result<DirWatch> open(const std::string& directory);

  int fd() const { return fd_.get(); }  ///< Readable when changed() has something to tell.
  /// What has changed since the last call, oldest first. A file counts when its writer closes it.
  std::vector<Change> changed() const;

 private:
  explicit DirWatch(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace gk::sys
