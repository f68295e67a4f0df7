#include "sys/dir_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace gk::sys {

Result<DirWatch> DirWatch::open(const std::string& directory) {
  Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return file_error("watch", directory, errno);
  constexpr std::uint32_t kEvents =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
  if (::inotify_add_watch(fd.get(), directory.c_str(), kEvents) < 0) {
    return file_error("watch", directory, errno);
  }
  return DirWatch(std::move(fd));
}

std::vector<DirWatch::Change> DirWatch::changed() const {
  std::vector<Change> changes;
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  for (;;) {
    const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
    if (n <= 0) return changes;
    for (ssize_t at = 0; at < n;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      at += static_cast<ssize_t>(sizeof event + event.len);
      if ((event.mask & IN_Q_OVERFLOW) != 0) changes.push_back({});
      if (event.len == 0) continue;
      changes.push_back({std::string(name), (event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0});
    }
  }
}

}  // namespace gk::sys
