#include "sys/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace gk::sys {
namespace {

/// "process 123" when the file names one; the holder writes it just after it has locked.
std::string holder(const Fd& fd, const std::string& path) {
  constexpr std::size_t kMaxPid = 20;  // Digits of a 64-bit number.
  const auto text = read_file(fd, path, kMaxPid);
  if (!text || text->empty() || text->find_first_not_of("0123456789\n") != std::string::npos) {
    return "another process";
  }
  return "process " + text->substr(0, text->find('\n'));
}

}  // namespace

Result<DirLock> DirLock::acquire(const std::string& dir) {
  const std::string path = dir + "/gamekeeper.lock";
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return file_error("open", path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("lock", path, errno);
    return Error{Errc::failed_precondition, "the data directory " + dir + " is in use by " +
                                                holder(fd, path) +
                                                "; stop it, or choose another directory"};
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return file_error("write", path, errno);
  }
  return DirLock(std::move(fd));
}

}  // namespace gk::sys
