#include "store/database.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "base/try.h"
#include "store/check.h"
#include "store/database_impl.h"
#include "sys/file_system.h"
#include "sys/files.h"

namespace gk::store {
namespace {

/// A WAL of this size is overwritten in place from then on, so a commit syncs no file size.
/// 1,000 pages of 4 KiB and their headers, SQLite's own checkpoint threshold, need a little less.
constexpr int kJournalSizeLimit = 4'400'000;  // Source: sqlite.org/pragma.html, wal_autocheckpoint

/// close() waits this long for readers before it leaves the WAL to the next start.
constexpr int kCloseTimeoutMs = 100;  // Source: chosen; SIGTERM to exit is budgeted at 1 s.

bool has_content(const std::string& path) {
  struct stat st{};
  return ::stat(path.c_str(), &st) == 0 && st.st_size > 0;
}

/// Settings that need no SQL: cheaper than PRAGMAs, and no statement can take them back.
void harden(sqlite3* db) {
  for (const auto& [option, on] :
       {std::pair{SQLITE_DBCONFIG_ENABLE_FKEY, 1}, std::pair{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1}, std::pair{SQLITE_DBCONFIG_DQS_DML, 0},
        std::pair{SQLITE_DBCONFIG_DQS_DDL, 0}}) {
    int now = -1;
    GK_ASSERT(sqlite3_db_config(db, option, on, &now) == SQLITE_OK && now == on);  // 3.31 or later
  }
}

Result<void> set_pragmas(Database& database, const OpenOptions& options) {
  std::string sql =
      "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
      "PRAGMA secure_delete=ON;";
  sql += "PRAGMA cache_size=-" + std::to_string(options.cache_kib) + ";";
  sql += options.durability == Durability::full ? "PRAGMA synchronous=FULL;"
                                                : "PRAGMA synchronous=NORMAL;";
  sql += "PRAGMA journal_size_limit=" + std::to_string(kJournalSizeLimit) + ";";
  GK_CHECK_OK(database.execute(sql));
  GK_TRY(Statement * mode,
         database.query(options.read_only ? "PRAGMA journal_mode" : "PRAGMA journal_mode=WAL"));
  GK_TRY(const bool row, mode->step());
  const std::string got(row ? mode->text(0) : "nothing");
  mode->reset();
  if (got == "wal" || options.read_only) return {};
  return Error{Errc::unavailable,
               options.path + ": expected journal mode wal, the file system allows " + got};
}

Result<void> prepare_file(const OpenOptions& options) {
  GK_CHECK_OK(sys::require_local_file_system(sys::parent_dir(options.path)));
  if (options.read_only) {
    struct stat st{};
    if (::stat(options.path.c_str(), &st) != 0) {
      return sys::file_error("open", options.path, errno);
    }
    return {};
  }
  // SQLite would create it open to others; the WAL inherits the mode.
  GK_TRY(const bool created, sys::ensure_private_file(options.path));
  (void)created;
  return {};
}

}  // namespace

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Database>> Database::open(const OpenOptions& options) {
  GK_CHECK_OK(prepare_file(options));
  auto impl = std::make_unique<Impl>();
  impl->path = options.path;
  impl->read_only = options.read_only;
  impl->ended_uncleanly = !options.read_only && has_content(options.path + "-wal");
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  const int code = sqlite3_open_v2(options.path.c_str(), &impl->db, flags,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<Database> database(new Database(std::move(impl)));
  if (code != SQLITE_OK) return database->impl_->error(code, "opening the database");
  sqlite3_busy_timeout(database->impl_->db, static_cast<int>(options.busy_timeout.count()));
  harden(database->impl_->db);
  GK_CHECK_OK(set_pragmas(*database, options));
  if (database->ended_uncleanly() && options.after_crash == AfterCrash::check) {
    GK_CHECK_OK(quick_check(*database));
  }
  return database;
}

Database::~Database() {
  for (auto& entry : impl_->statements) {
    sqlite3_finalize(static_cast<sqlite3_stmt*>(entry.statement.handle_));
  }
  if (impl_->db != nullptr && !impl_->read_only) {
    // Best effort: what stays in the WAL is read from there by the next start.
    sqlite3_busy_timeout(impl_->db, kCloseTimeoutMs);
    sqlite3_wal_checkpoint_v2(impl_->db, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  }
  GK_ASSERT(sqlite3_close(impl_->db) == SQLITE_OK);  // No statement or backup is left.
}

Result<Statement*> Database::query(std::string_view sql) {
  auto& statements = impl_->statements;
  if (const auto found = impl_->by_sql.find(sql); found != impl_->by_sql.end()) {
    statements.splice(statements.begin(), statements, found->second);
    Statement& statement = found->second->statement;
    statement.reset();
    statement.failed_code_ = SQLITE_OK;
    sqlite3_clear_bindings(static_cast<sqlite3_stmt*>(statement.handle_));
    return &statement;
  }
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(impl_->db, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) return impl_->error(code, "preparing " + std::string(sql));
  GK_ASSERT(handle != nullptr);  // An empty statement is our bug.
  if (statements.size() >= kMaxStatements) {
    auto& oldest = statements.back();
    oldest.statement.reset();
    sqlite3_finalize(static_cast<sqlite3_stmt*>(oldest.statement.handle_));
    impl_->by_sql.erase(oldest.sql);
    statements.pop_back();
  }
  statements.push_front({std::string(sql), Statement(handle, this)});
  impl_->by_sql.emplace(statements.front().sql, statements.begin());
  return &statements.front().statement;
}

Result<void> Database::execute(std::string_view sql) {
  const int code = sqlite3_exec(impl_->db, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return impl_->error(code, "running SQL");
  return {};
}

void Database::reset_statements() {
  if (impl_->on_row == 0) return;
  for (auto& entry : impl_->statements) {
    if (entry.statement.on_row_) entry.statement.reset();
  }
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(impl_->db); }
std::int64_t Database::changes() const { return sqlite3_changes64(impl_->db); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(impl_->db) == 0; }
bool Database::ended_uncleanly() const { return impl_->ended_uncleanly; }
const std::string& Database::path() const { return impl_->path; }

}  // namespace gk::store
