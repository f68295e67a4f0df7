#include "sys/ownership.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/try.h"
#include "sys/files.h"

namespace gk::sys {
namespace {

constexpr int kMaxDepth = 4;               // config/macro_safety in before-restore-…, and one more.
constexpr std::size_t kMaxEntries = 4096;  // More than a data folder has.

// NOLINTNEXTLINE(misc-no-recursion): bounded by kMaxDepth.
Result<void> give_below(const std::string& path, uid_t owner, gid_t group, int depth) {
  GK_TRY(const auto names, list_dir(path, kMaxEntries));
  for (const std::string& name : names) {
    const std::string entry = path + "/" + name;
    const Fd fd(::open(entry.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) {
      if (errno == ELOOP || errno == ENXIO || errno == ENOENT) continue;  // A link, a socket.
      return file_error("open", entry, errno);
    }
    struct stat state{};
    if (::fstat(fd.get(), &state) != 0) return file_error("look at", entry, errno);
    const bool folder = S_ISDIR(state.st_mode);
    const bool ours = folder || (S_ISREG(state.st_mode) && state.st_nlink == 1);
    // What is in a folder goes first: afterwards its owner could exchange it.
    if (folder && state.st_uid == 0 && depth < kMaxDepth) {
      GK_CHECK_OK(give_below(entry, owner, group, depth + 1));
    }
    if (ours && state.st_uid == 0 && ::fchown(fd.get(), owner, group) != 0) {
      return file_error("give to its owner", entry, errno);
    }
  }
  return {};
}

}  // namespace

Result<void> give_to_owner_of(const std::string& dir) {
  struct stat state{};
  if (::stat(dir.c_str(), &state) != 0) return file_error("look at", dir, errno);
  if (::geteuid() != 0 || state.st_uid == 0) return {};
  return give_below(dir, state.st_uid, state.st_gid, 1);
}

}  // namespace gk::sys
