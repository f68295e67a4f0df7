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

/// The directory of a name, and the name in it.
struct ConfinedDir::Place {
  Fd dir;
  std::string name, left_over, shown;
};

Result<ConfinedDir::Place> ConfinedDir::place_of(std::string_view relative) const {
  const std::size_t slash = relative.rfind('/');
  const std::string parent(slash == std::string_view::npos ? "." : relative.substr(0, slash));
  Place place;
  place.name = relative.substr(slash == std::string_view::npos ? 0 : slash + 1);
  place.left_over = place.name + ".gk-tmp";
  place.shown = path_ + "/" + std::string(relative);
  if (relative.find('\0') != std::string_view::npos || place.name.empty() || place.name == "." ||
      place.name == "..") {
    return file_error("open", path_, EINVAL);
  }
  // An absolute name has an empty or absolute parent: the kernel refuses the second.
  if (parent.empty()) return file_error("open", place.shown, EXDEV);
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  place.dir =
      Fd(static_cast<int>(::syscall(SYS_openat2, fd_.get(), parent.c_str(), &how, sizeof how)));
  if (!place.dir) return file_error("open the directory of", place.shown, errno);
  struct stat st{};
  const int there = ::fstatat(place.dir.get(), place.name.c_str(), &st, AT_SYMLINK_NOFOLLOW);
  if (there != 0 && errno != ENOENT) return file_error("inspect", place.shown, errno);
  if (there == 0 && !S_ISREG(st.st_mode)) {
    return Error{Errc::failed_precondition, place.shown + " is not a regular file"};
  }
  return place;
}

Result<void> ConfinedDir::replace_file(std::string_view relative, std::string_view content) const {
  GK_TRY(const Place place, place_of(relative));
  ::unlinkat(place.dir.get(), place.left_over.c_str(), 0);
  const Fd file(::openat(place.dir.get(), place.left_over.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return file_error("create", place.shown, errno);
  const auto failed = [&](const char* what) -> Error {
    const int number = errno;
    ::unlinkat(place.dir.get(), place.left_over.c_str(), 0);
    return file_error(what, place.shown, number);
  };
  while (!content.empty()) {
    const ssize_t n = ::write(file.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("write");
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(file.get()) != 0) return failed("sync");
  const int dir = place.dir.get();
  if (::renameat(dir, place.left_over.c_str(), dir, place.name.c_str()) != 0) {
    return failed("replace");
  }
  if (::fsync(dir) != 0) return file_error("sync the directory of", place.shown, errno);
  return {};
}

Result<void> ConfinedDir::remove_file(std::string_view relative) const {
  GK_TRY(const Place place, place_of(relative));
  for (const std::string* name : {&place.name, &place.left_over}) {
    if (::unlinkat(place.dir.get(), name->c_str(), 0) != 0 && errno != ENOENT) {
      return file_error("remove", place.shown, errno);
    }
  }
  if (::fsync(place.dir.get()) != 0) {
    return file_error("sync the directory of", place.shown, errno);
  }
  return {};
}

Result<std::string> ConfinedDir::read_file(std::string_view relative, std::size_t max_bytes) const {
  GK_TRY(const Fd fd, open_file(relative, BelowMode::read));
  return sys::read_file(fd, path_ + "/" + std::string(relative), max_bytes);
}

}  // namespace gk::sys
