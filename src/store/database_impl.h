// database_impl.h: what is behind Database, for the files of src/store that call SQLite directly.

#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/database.h"

namespace gk::store {

/// The Error for SQLite's result code, with the file's path and SQLite's own words. Values of
/// parameters are never in them.
Error sqlite_error(int code, sqlite3* db, const std::string& path, std::string_view doing);

struct Database::Impl {
  struct Entry {
    std::string sql;
    Statement statement;
  };

  sqlite3* db = nullptr;
  std::string path;
  bool read_only = false;
  bool ended_uncleanly = false;
  std::size_t on_row = 0;       // Statements on a row.
  std::list<Entry> statements;  // Most recently used first.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_sql;  // Keys: Entry::sql.

  Error error(int code, std::string_view doing) const {
    return sqlite_error(code, db, path, doing);
  }
};

}  // namespace gk::store
