// database.h: one SQLite connection, thin and RAII, with the PRAGMAs that our promises need set on
// every open. Queries use $1 placeholders in the subset common with PostgreSQL 15; table
// definitions are per dialect (migrations.h). SQLite's types appear in database.cc only.

#pragma once

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
  full,    ///< state.db: acknowledged is on disk (WAL, synchronous=FULL).
  normal,  ///< telemetry.db: a power loss may cost the last moments (WAL, synchronous=NORMAL).
};

struct OpenOptions {
  std::string path;
  Durability durability = Durability::full;
  bool read_only = false;
  Millis busy_timeout{2'000};
};

class Database;

/// A prepared statement, cached by its Database. Borrowed: valid while the Database lives.
/// Usage: bind, then step() until it returns false, columns by index from 0; reset by the next
/// query().
/// Thread: as its Database.
class Statement {
 public:
  Statement& bind(int index, std::int64_t value);  ///< `index` counts from 1, as $1.
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view value);
  Statement& bind_blob(int index, std::span<const std::uint8_t> value);
  Statement& bind_null(int index);

  /// True: a row is there. False: done.
  /// Errors: already_exists (unique constraint), failed_precondition (other constraint),
  ///         unavailable (busy, I/O), resource_exhausted (disk full), data_loss (corrupt).
  Result<bool> step();
  /// step() until done, for statements without rows.
  Result<void> run();

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;  ///< Valid until the next step().
  Blob blob(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  explicit Statement(void* handle, Database* owner) : handle_(handle), owner_(owner) {}
  void* handle_;
  Database* owner_;
};

/// One connection.
/// Thread: compatible (one thread at a time). Blocks.
class Database {
 public:
  /// Opens or creates (0600) the file and sets the PRAGMAs.
  /// Errors: unavailable (cannot open, I/O; also a network file system, with its type),
  ///         permission_denied, data_loss (not a database, corrupt).
  static Result<std::unique_ptr<Database>> open(const OpenOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// The cached statement for `sql`, reset and without bindings. At most 256 are cached; the least
  /// recently used is finalised.
  /// Errors: internal (the SQL is wrong: our bug), data_loss, unavailable.
  Result<Statement*> query(std::string_view sql);
  /// Runs one or more statements without parameters or rows.
  Result<void> execute(std::string_view sql);
  std::int64_t last_insert_id() const;
  std::int64_t changes() const;
  const std::string& path() const;

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::store
