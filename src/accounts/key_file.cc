#include "accounts/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/try.h"
#include "sys/files.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kMaxFile = 4096;  // Source: chosen; a key is 65 bytes

Result<SecretKey> read_key(const sys::Fd& fd, const std::string& path, Log& log) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return sys::file_error("look at", path, errno);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    log.warn("accounts.key_exposed",
             "others could read the key file; it is closed to them now. Whoever copied it can "
             "sign access tokens until it is deleted and the daemon started again",
             {{"file", path}});
    if (::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0) return sys::file_error("close", path, errno);
  }
  GK_TRY(const std::string text, sys::read_file(fd, path, kMaxFile));
  const auto key = parse_secret_key(text);
  if (!key) {
    return Error{Errc::data_loss,
                 path +
                     " is damaged: expected 64 hex digits. Restore it from a backup; if it is "
                     "deleted, a new one is made, and users with two-factor log-in need a "
                     "recovery code or a reset"};
  }
  return *key;
}

}  // namespace

Result<SecretKey> load_or_make_key(const std::string& path, Random& random, Log& log) {
  const sys::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (fd) return read_key(fd, path, log);
  if (errno != ENOENT) return sys::file_error("open", path, errno);
  const SecretKey key = new_secret_key(random);
  GK_CHECK_OK(sys::replace_file(path, format_secret_key(key)));
  return key;
}

}  // namespace gk::accounts
