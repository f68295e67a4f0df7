// operation_audit.h: who changed what by an operation, recorded in the very commit that makes the
// change stand. What a record looks like and where it is kept is the server's business (AuditHook).

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "arbiter/operations/operation_store.h"
#include "arbiter/operations/step_kinds.h"

namespace gk::arbiter {

/// Who asks for a change.
struct Author {
  std::string name;
  std::string user_id;  ///< Empty: a local administrator, or a task of a graph.
  std::string correlation_id;
};

/// One change. `after` is JSON, without contents of files and values of settings.
struct AuditEntry {
  Author author;
  std::string action;  ///< operation.run, operation.rolled_back, operation.conflicts
  std::string target;
  std::string after;
};

/// Records `entry` in the transaction that `db` is in; returns what to do once it is on disk.
/// An error makes the commit fail, so no change goes unrecorded. Empty: nothing is recorded.
using AuditHook =
    std::function<Result<std::function<void()>>(store::Database& db, const AuditEntry& entry)>;

/// What to record of an operation whose steps are `steps`.
AuditEntry entry_of(const Author& author, const std::string& kind, const std::string& resource,
                    std::uint64_t operation, const std::vector<StepCall>& steps);

/// The journal of one operation: the end of its transaction and its record are one commit. A
/// transaction that noted no step has changed nothing and is not recorded.
/// Thread: compatible.
class AuditedJournal final : public Journal {
 public:
  /// Requires: journal and hook outlive it.
  AuditedJournal(SqlJournal& journal, const AuditHook& hook, AuditEntry entry)
      : journal_(journal), hook_(hook), entry_(std::move(entry)) {}

  Result<TransactionId> begin() override { return journal_.begin(); }
  Result<void> append(TransactionId id, const JournalStep& step) override;
  Result<void> pop(TransactionId id) override;
  Result<void> end(TransactionId id) override;
  Result<std::vector<OpenTransaction>> open() override { return journal_.open(); }

 private:
  SqlJournal& journal_;
  const AuditHook& hook_;
  AuditEntry entry_;
  bool noted_ = false, undone_ = false;
};

}  // namespace gk::arbiter
