#include "sys/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "base/try.h"

namespace gk::sys {
namespace {

constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kPrivateDir = 0700;

Errc code_of(int number) {
  switch (number) {
    case ENOENT: return Errc::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:  // A symbolic link where none may be,
    case EXDEV:  // or a path that leaves its directory (openat2).
      return Errc::permission_denied;
    case EEXIST: return Errc::already_exists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return Errc::resource_exhausted;
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG: return Errc::failed_precondition;
    default: return Errc::unavailable;
  }
}

Result<void> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

/// Writes and syncs the temporary file; the caller renames or removes it.
Result<void> fill(const Fd& fd, std::string_view content, const std::string& path) {
  GK_CHECK_OK(write_all(fd.get(), content, path));
  if (::fsync(fd.get()) != 0) return file_error("sync", path, errno);
  return {};
}

/// Checks a directory that is there, and takes away the rights of others when it is ours.
Result<void> close_to_others(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return file_error("open directory", path, errno);
  struct stat st{};
  if (::fstat(fd.get(), &st) != 0) return file_error("inspect", path, errno);
  if (st.st_uid != ::geteuid() || (st.st_mode & 077U) == 0) return {};
  if (::fchmod(fd.get(), kPrivateDir) != 0) return file_error("make private", path, errno);
  return {};
}

}  // namespace

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Error file_error(std::string_view what, std::string_view path, int number) {
  std::string message = "cannot ";
  message.append(what).append(" ").append(path).append(": ");
  message += std::generic_category().message(number);
  return {code_of(number), std::move(message)};
}

Result<std::string> read_file(const Fd& fd, const std::string& path, std::size_t max_bytes) {
  std::string content;
  std::array<char, 16 * 1024> chunk{};
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("read", path, errno);
    if (n == 0) return content;
    if (content.size() + static_cast<std::size_t>(n) > max_bytes) {
      return Error{Errc::resource_exhausted,
                   path + " is larger than the limit of " + std::to_string(max_bytes) + " bytes"};
    }
    content.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return file_error("open", path, errno);
  return read_file(fd, path, max_bytes);
}

Result<void> replace_file(const std::string& path, std::string_view content) {
  std::string temporary = path + ".tmp-XXXXXX";
  const Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));  // Mode 0600.
  if (!fd) return file_error("create", temporary, errno);
  auto written = fill(fd, content, temporary);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = file_error("replace", path, errno);
  }
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return sync_dir(parent_dir(path));
}

Result<bool> ensure_private_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kPrivateFile));
  if (fd) return true;
  if (errno == EEXIST) return false;
  return file_error("create", path, errno);
}

Result<void> make_private_dir(const std::string& path) {
  if (::mkdir(path.c_str(), kPrivateDir) == 0) return {};
  if (errno == EEXIST) return close_to_others(path);
  if (errno != ENOENT || parent_dir(path) == path)
    return file_error("create directory", path, errno);
  GK_CHECK_OK(make_private_dir(parent_dir(path)));
  if (::mkdir(path.c_str(), kPrivateDir) == 0) return {};
  return errno == EEXIST ? close_to_others(path) : file_error("create directory", path, errno);
}

Result<std::vector<std::string>> list_dir(const std::string& path, std::size_t max_entries) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), ::closedir);
  if (!dir) return file_error("list", path, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == "..") continue;
    if (names.size() >= max_entries) {
      return Error{Errc::resource_exhausted,
                   path + " holds more than " + std::to_string(max_entries) + " entries"};
    }
    names.emplace_back(name);
  }
  if (errno != 0) return file_error("list", path, errno);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> sync_dir(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return file_error("open directory", path, errno);
  if (::fsync(fd.get()) != 0) return file_error("sync directory", path, errno);
  return {};
}

std::string parent_dir(const std::string& path) {
  const auto end = path.find_last_not_of('/');
  const auto slash = end == std::string::npos ? end : path.rfind('/', end);
  if (slash == std::string::npos) return path.starts_with('/') ? "/" : ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool is_safe_name(std::string_view name) {
  constexpr std::size_t kMaxName = 64;  // Source: specification of mode and file names.
  if (name.empty() || name.size() > kMaxName) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace gk::sys
