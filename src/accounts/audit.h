// audit.h: the audit table: who changed what, in the transaction of the change itself.

#pragma once

#include <cstdint>
#include <optional>

#include "accounts/rules/audit_chain.h"
#include "gamekeeper/result.h"
#include "store/database.h"

namespace gk::accounts {

/// Appends `row` (seq, previous and hash are filled in) and returns the new head.
/// Requires: runs inside a Writer job, after the change that it records.
/// Errors: those of the database; the job fails with it, so no change goes unrecorded.
Result<AuditHead> append_audit(store::Database& database, AuditRow row);

/// Walks the whole audit. `expected` is a head kept elsewhere (the daemon logs each): rows up to it
/// must be there, with that hash.
/// Errors: data_loss (says which row and what is wrong with it), or the database's.
/// Cost:   O(rows), 2 µs a row; blocks.
Result<AuditHead> verify_audit(store::Database& database,
                               const std::optional<AuditHead>& expected = std::nullopt);

}  // namespace gk::accounts
