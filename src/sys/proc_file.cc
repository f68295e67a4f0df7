#include "sys/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace gk::sys {
namespace {

// The kernel hands out many-line files in pieces that end when the next line does not fit a page;
// no line of the files that we read is longer than half of one, so a shorter piece is the last.
// Source: fs/seq_file.c, seq_read_iter.
constexpr std::size_t kSurelyLast = 2048;

Error from_errno(int error, std::string_view what) {
  const Errc code = error == ENOENT || error == ESRCH || error == ENOTDIR ? Errc::not_found
                    : error == EACCES || error == EPERM                   ? Errc::permission_denied
                    : error == EMFILE || error == ENFILE                  ? Errc::resource_exhausted
                                                                          : Errc::unavailable;
  return Error{code, std::string(what) + ": " + std::generic_category().message(error)};
}

}  // namespace

ProcFile::~ProcFile() { close(); }

ProcFile& ProcFile::operator=(ProcFile&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void ProcFile::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<ProcFile> ProcFile::open(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return from_errno(errno, path);
  return ProcFile(fd);
}

Result<std::string_view> ProcFile::read(std::span<char> buffer) const {
  std::size_t filled = 0;
  for (;;) {
    const ssize_t n =
        ::pread(fd_, buffer.data() + filled, buffer.size() - filled, static_cast<off_t>(filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return from_errno(errno, "read");
    filled += static_cast<std::size_t>(n);
    if (n == 0 || static_cast<std::size_t>(n) < kSurelyLast) break;
    if (filled == buffer.size()) {
      return Error{Errc::resource_exhausted,
                   "file is longer than " + std::to_string(buffer.size()) + " bytes"};
    }
  }
  return std::string_view(buffer.data(), filled);
}

Result<std::string_view> read_proc_once(const char* path, std::span<char> buffer) {
  auto file = ProcFile::open(path);
  if (!file) return std::move(file).error();
  return file->read(buffer);
}

}  // namespace gk::sys
