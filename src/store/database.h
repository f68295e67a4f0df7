// database.h: one SQLite connection, thin and RAII, with the PRAGMAs that our promises need set on
// every open. Queries use $1 placeholders in the subset common with PostgreSQL 15; table
// definitions are per dialect (migrations.h). SQLite's types appear in no header but
// database_impl.h, which is for the files of this folder.

#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::store {

/// A bound parameter or a column: NULL, integer, real, text or blob.
using Blob = std::vector<std::uint8_t>;
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

/// What a commit means.
enum class Durability : std::uint8_t {
  full,    ///< Acknowledged is on disk (WAL, synchronous=FULL).
  normal,  ///< A power loss may cost what came since the last checkpoint (synchronous=NORMAL).
};

/// What open() does when the last writer did not close the file.
enum class AfterCrash : std::uint8_t {
  check,  ///< Runs quick_check: reads the whole file (bench/store_open_bench).
  skip,   ///< The caller looks at ended_uncleanly() and checks when it suits (check.h).
};

struct OpenOptions {
  std::string path;
  Durability durability = Durability::full;
  bool read_only = false;
  Millis busy_timeout{2'000};
  AfterCrash after_crash = AfterCrash::check;
  std::uint32_t cache_kib =
      512;            ///< Page cache at most. [64, 1 GiB] Source: chosen, idle RSS budget.
  std::string vfs{};  ///< Name of a registered VFS; empty: the default. For tests.
};

class Database;

/// A prepared statement, cached by its Database. Borrowed: valid until 256 other statements have
/// been asked for, at most as long as the Database.
/// Usage: bind, then step() until it returns false, columns by index from 0. A loop that is left
/// early keeps its read snapshot until reset() or the next query() of the same text.
/// Thread: as its Database.
class Statement {
 public:
  /// `index` counts from 1, as $1. A failed bind is reported by the next step().
  Statement& bind(int index, std::integral auto value) {
    return bind_integer(index, static_cast<std::int64_t>(value));
  }
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view value);  ///< Copied.
  /// NULL for nullopt.
  template <typename T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind_null(index);
  }
  Statement& bind_blob(int index, std::span<const std::uint8_t> value);  ///< Copied.
  Statement& bind_null(int index);
  Statement& bind_value(int index, const Value& value);

  /// True: a row is there. False: done.
  /// Errors: already_exists (unique constraint), failed_precondition (other constraint),
  ///         unavailable (busy, I/O, disk full), data_loss (corrupt),
  ///         permission_denied (read-only), internal (a bind failed: our bug).
  Result<bool> step();
  /// step() until done, for statements without rows.
  Result<void> run();
  /// Ends the statement, and with it its read snapshot. Bindings stay.
  void reset();

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;  ///< Valid until the next step() or reset().
  Blob blob(int column) const;
  bool is_null(int column) const;
  Value value(int column) const;

 private:
  friend class Database;
  Statement(void* handle, Database* owner) : handle_(handle), owner_(owner) {}
  Statement& bind_integer(int index, std::int64_t value);
  Statement& note(int index, int code);

  void* handle_;
  Database* owner_;
  int failed_bind_ = 0;  // The first parameter that could not be bound, and why.
  int failed_code_ = 0;
  bool on_row_ = false;
};

/// One connection.
/// Thread: compatible (one thread at a time). Blocks.
class Database {
 public:
  static constexpr std::size_t kMaxStatements = 256;  // Source: chosen; rooms have about 100.

  /// Opens or creates (0600) the file and sets the PRAGMAs. The writable connection is the first
  /// to open and the last to close a file: an end without close() shows as a WAL that has content.
  /// Errors: unavailable (cannot open, I/O, busy), failed_precondition (a network file system,
  ///         with its type), permission_denied, not_found (no such directory; read-only: no such
  ///         file), data_loss (not a database, corrupt).
  static Result<std::unique_ptr<Database>> open(const OpenOptions& options);
  /// Moves the WAL into the file and closes it.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// The cached statement for `sql`, reset and without bindings. At most 256 are cached; the least
  /// recently used is finalised.
  /// Errors: internal (the SQL is wrong: our bug), data_loss, unavailable.
  Result<Statement*> query(std::string_view sql);
  /// Runs one or more statements without parameters or rows.
  /// Errors: as query() and Statement::step(). Statements before the failing one have run.
  Result<void> execute(std::string_view sql);
  /// Resets every statement that still stands on a row. Cost: O(1) when there is none.
  void reset_statements();

  std::int64_t last_insert_id() const;
  std::int64_t changes() const;
  bool in_transaction() const;
  /// True: the last writer of this file did not close it (kill, crash, power loss).
  bool ended_uncleanly() const;
  const std::string& path() const;

  struct Impl;  // database_impl.h
  Impl& impl() { return *impl_; }

 private:
  friend class Statement;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::store
