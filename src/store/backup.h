// backup.h: a consistent copy of a database that is in use.

#pragma once

#include <string>

#include "gamekeeper/result.h"
#include "store/database.h"

namespace gk::store {

/// Writes a copy of `database` to `path` (0600), in place of what is there. After success the copy
/// is on disk; after an error `path` is as it was. Other connections may read and write meanwhile.
/// Errors: as Database::open() and Statement::step().
/// Cost:   reads and writes the whole file; blocks.
Result<void> backup_to(Database& database, const std::string& path);

}  // namespace gk::store
