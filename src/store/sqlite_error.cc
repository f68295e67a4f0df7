#include "store/database_impl.h"

namespace gk::store {
namespace {

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
      // SQLite takes EIO of a read for damage (CORRUPTFS), and so do we; the next read may work.
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
  message += same ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  const Errc mapped = code_of(code);
  if (mapped == Errc::unavailable || mapped == Errc::data_loss) {
    message += " (SQLite code " + std::to_string(code) + ")";
  }
  if (mapped == Errc::data_loss) {
    message += "; the file is damaged or not ours: restore a copy of it";
  }
  return {mapped, std::move(message)};
}

}  // namespace gk::store
