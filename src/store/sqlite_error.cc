#include <array>
#include <cerrno>

#include "store/database_impl.h"

namespace gk::store {
namespace {

/// What the system said when one of SQLite's files was last read or written in vain; 0 when that
/// was not the system's fault. Forgets it: SQLite itself keeps it until the next failure.
int take_errno(sqlite3_file* file) {
  if (file == nullptr || file->pMethods == nullptr) return 0;
  int system = 0;
  if (file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &system) != SQLITE_OK) return 0;
  // A read beyond the end is short, and a short read is "no error of the system".
  constexpr sqlite3_int64 kBeyondAnyFile = sqlite3_int64{1} << 46;
  std::array<char, 1> nothing{};
  if (system != 0) (void)file->pMethods->xRead(file, nothing.data(), 1, kBeyondAnyFile);
  return system;
}

/// Whether the disk, not the file's content, is behind SQLITE_CORRUPT. SQLite takes EIO of a read
/// for damage (CORRUPTFS) and then reports plain corruption; only its files remember the errno.
bool disk_failed(sqlite3* db) {
  bool failed = false;
  if (db == nullptr) return failed;
  for (const int which : {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}) {
    sqlite3_file* file = nullptr;
    if (sqlite3_file_control(db, "main", which, &file) == SQLITE_OK) {
      failed = take_errno(file) == EIO || failed;
    }
  }
  return failed;
}

Errc constraint_code(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: return Errc::already_exists;
    default: return Errc::failed_precondition;
  }
}

Errc code_of(int extended) {
  switch (extended & 0xff) {
    case SQLITE_CONSTRAINT: return constraint_code(extended);
    case SQLITE_MISMATCH: return Errc::failed_precondition;
    case SQLITE_NOMEM: return Errc::resource_exhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::data_loss;
    case SQLITE_IOERR:
      return extended == SQLITE_IOERR_CORRUPTFS || extended == SQLITE_IOERR_DATA
                 ? Errc::data_loss
                 : Errc::unavailable;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN: return Errc::unavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return Errc::permission_denied;
    case SQLITE_TOOBIG: return Errc::invalid_argument;
    case SQLITE_INTERRUPT:
    case SQLITE_ABORT: return Errc::cancelled;
    default: return Errc::internal;
  }
}

}  // namespace

Error sqlite_error(int code, sqlite3* db, const std::string& path, std::string_view doing) {
  // The connection's message belongs to its last call; it is of use only when the codes agree.
  const bool same = db != nullptr && (sqlite3_errcode(db) & 0xff) == (code & 0xff);
  std::string message = path;
  message.append(": ").append(doing).append(": ");
  const int primary = code & 0xff;
  const bool io = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_IOERR;
  const bool disk = io && disk_failed(db);  // Asked at each such error: it forgets what it says.
  if (disk && code_of(code) == Errc::data_loss) {
    message += "I/O error of a read (EIO); the disk may be failing, the file need not be damaged";
    return {Errc::unavailable, std::move(message)};
  }
  message += same ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  const Errc mapped = code_of(code);
  if (mapped == Errc::unavailable || mapped == Errc::data_loss) {
    message += " (SQLite code " + std::to_string(code) + ")";
  }
  if (mapped == Errc::data_loss) {
    message +=
        "; the file is damaged or not ours: `gamekeeper db check` says which, `gamekeeper db "
        "restore` "
        "puts a backup back";
  }
  return {mapped, std::move(message)};
}

}  // namespace gk::store
