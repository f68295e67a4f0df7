#include "store/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/try.h"
#include "store/database_impl.h"
#include "sys/files.h"

namespace gk::store {
namespace {

/// Copies all pages in one step, so that no writer can come between.
Result<void> copy_pages(sqlite3* from, sqlite3* to, const std::string& path) {
  sqlite3_backup* backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == nullptr) return sqlite_error(sqlite3_errcode(to), to, path, "starting a copy");
  sqlite3_backup_step(backup, -1);
  const int code = sqlite3_backup_finish(backup);
  if (code != SQLITE_OK) return sqlite_error(code, to, path, "copying");
  return {};
}

Result<void> copy_to_file(sqlite3* from, const std::string& path) {
  sqlite3* to = nullptr;
  int code =
      sqlite3_open_v2(path.c_str(), &to,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  auto copied = code == SQLITE_OK ? copy_pages(from, to, path)
                                  : Result<void>(sqlite_error(code, to, path, "opening a copy"));
  code = sqlite3_close(to);
  if (copied && code != SQLITE_OK) return sqlite_error(code, nullptr, path, "closing a copy");
  return copied;
}

Result<void> sync_file(const std::string& path) {
  const sys::Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) return sys::file_error("open", path, errno);
  if (::fsync(fd.get()) != 0) return sys::file_error("sync", path, errno);
  return {};
}

Result<void> make_copy(Database& database, const std::string& temporary, const std::string& path) {
  GK_CHECK_OK(copy_to_file(database.impl().db, temporary));
  GK_CHECK_OK(sync_file(temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return sys::file_error("replace", path, errno);
  return sys::sync_dir(sys::parent_dir(path));
}

}  // namespace

Result<void> backup_to(Database& database, const std::string& path) {
  const std::string temporary = path + ".tmp";
  ::unlink(temporary.c_str());  // Of a run that was cut short.
  GK_CHECK_OK(sys::ensure_private_file(temporary));
  auto made = make_copy(database, temporary, path);
  if (!made) ::unlink(temporary.c_str());
  return made;
}

}  // namespace gk::store
