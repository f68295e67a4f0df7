#include "accounts/setup_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace gk::accounts {
namespace {

Error failed(const std::string& what, const std::string& path, int error) {
  return {Errc::unavailable,
          "cannot " + what + " " + path + ": " + std::generic_category().message(error)};
}

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed("write", path, errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

Result<void> write_setup_file(const std::string& path, std::string_view code) {
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());  // Left over from a crash, or put there by somebody.
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        S_IRUSR | S_IWUSR);
  if (fd < 0) return failed("create", temporary, errno);
  auto written = write_all(fd, std::string(code) + "\n", temporary);
  ::close(fd);
  if (!written) return written;
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("rename to", path, errno);
  return {};
}

void remove_setup_file(const std::string& path) { ::unlink(path.c_str()); }

}  // namespace gk::accounts
