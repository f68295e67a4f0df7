#include "sys/file_below.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/try.h"

namespace gk::sys {
namespace {

/// O_NONBLOCK: a FIFO must not hang the caller before we see that it is not a regular file.
std::uint64_t flags_of(BelowMode mode) {
  constexpr std::uint64_t kAlways = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  switch (mode) {
    case BelowMode::read: return kAlways | O_RDONLY;
    case BelowMode::create_new: return kAlways | O_WRONLY | O_CREAT | O_EXCL;
    case BelowMode::append: return kAlways | O_WRONLY | O_CREAT | O_APPEND;
  }
  return kAlways | O_RDONLY;
}

}  // namespace

Result<ConfinedDir> ConfinedDir::open(const std::string& path) {
  Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return file_error("open directory", path, errno);
  return ConfinedDir(std::move(fd), path);
}

Result<Fd> ConfinedDir::open_file(std::string_view relative, BelowMode mode) const {
  const std::string name(relative);
  const std::string shown = path_ + "/" + name;
  if (name.find('\0') != std::string::npos) return file_error("open", path_, EINVAL);
  open_how how{};
  how.flags = flags_of(mode);
  how.mode = mode == BelowMode::read ? 0 : 0600;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  Fd fd(static_cast<int>(::syscall(SYS_openat2, fd_.get(), name.c_str(), &how, sizeof how)));
  if (!fd) return file_error("open", shown, errno);
  struct stat st{};
  if (::fstat(fd.get(), &st) != 0) return file_error("inspect", shown, errno);
  if (!S_ISREG(st.st_mode)) {
    return Error{Errc::failed_precondition, shown + " is not a regular file"};
  }
  return fd;
}

Result<std::string> ConfinedDir::read_file(std::string_view relative, std::size_t max_bytes) const {
  GK_TRY(const Fd fd, open_file(relative, BelowMode::read));
  return sys::read_file(fd, path_ + "/" + std::string(relative), max_bytes);
}

}  // namespace gk::sys
