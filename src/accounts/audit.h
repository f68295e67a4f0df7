// audit.h: the audit table: who changed what, in the transaction of the change itself.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/rules/audit_chain.h"
#include "base/log.h"
#include "gamekeeper/result.h"
#include "store/database.h"

namespace gk::accounts {

/// Appends `row` (seq, previous and hash are filled in) and returns the new head.
/// Requires: runs inside a Writer job, after the change that it records.
/// Errors: those of the database; the job fails with it, so no change goes unrecorded.
Result<AuditHead> append_audit(store::Database& database, AuditRow row);

/// Logs the head after the commit of `row`: what a verifier compares with, kept outside the
/// database.
void log_audit_head(Log& log, const AuditRow& row, const AuditHead& head);

/// Walks the whole audit. `expected` is a head kept elsewhere (the daemon logs each): rows up to it
/// must be there, with that hash.
/// Errors: data_loss (says which row and what is wrong with it), or the database's.
/// Cost:   O(rows), 2 µs a row; blocks.
Result<AuditHead> verify_audit(store::Database& database,
                               const std::optional<AuditHead>& expected = std::nullopt);

/// What people call the target, when the row itself says so; else empty.
std::string target_name_in(const AuditRow& row);

/// A page of the audit.
struct AuditQuery {
  std::size_t limit = 100;
  std::optional<std::int64_t> before_seq;  ///< Rows below it; nothing: from the newest.
  std::optional<std::string> actor;
  std::optional<std::string> action;  ///< "user" also finds "user.create".
  std::optional<std::string> target;
  std::optional<std::string> correlation_id;
};

/// Newest first.
/// Cost: O(limit) without a filter and by correlation_id; else O(rows) when a filter finds little.
///       Blocks.
Result<std::vector<AuditRow>> list_audit(store::Database& database, const AuditQuery& query);

}  // namespace gk::accounts
