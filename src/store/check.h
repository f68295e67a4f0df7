// check.h: is a database file sound?

#pragma once

#include "gamekeeper/result.h"
#include "store/database.h"

namespace gk::store {

/// Looks for damage in the structure of the file: pages, records, types, NOT NULL.
/// Errors: data_loss (says the first finding), as Statement::step().
/// Cost:   reads the whole file.
Result<void> quick_check(Database& database);

/// quick_check(), and that every index agrees with its table and every foreign key has its row.
/// Errors: as quick_check().
/// Cost:   several times quick_check().
Result<void> integrity_check(Database& database);

}  // namespace gk::store
