#include "arbiter/operations/operation_audit.h"

#include "base/json_writer.h"
#include "base/try.h"

namespace gk::arbiter {

AuditEntry entry_of(const Author& author, const std::string& kind, const std::string& resource,
                    std::uint64_t operation, const std::vector<StepCall>& steps) {
  AuditEntry entry{author, "operation.run", resource, ""};
  JsonWriter w(entry.after);
  w.begin_object().field("operation", std::to_string(operation)).field("kind", kind);
  w.key("steps").begin_array();
  for (const StepCall& step : steps) {
    w.begin_object().field("kind", step.kind->name).field("resource", step.resource).end_object();
  }
  w.end_array().end_object();
  return entry;
}

Result<void> AuditedJournal::append(TransactionId id, const JournalStep& step) {
  noted_ = true;
  return journal_.append(id, step);
}

Result<void> AuditedJournal::pop(TransactionId id) {
  undone_ = true;
  return journal_.pop(id);
}

Result<void> AuditedJournal::end(TransactionId id) {
  if (!hook_ || !noted_) return journal_.end(id);
  if (undone_) entry_.action = "operation.rolled_back";
  std::function<void()> committed;
  GK_CHECK_OK(journal_.end(id, [&](store::Database& db) -> Result<void> {
    GK_TRY(committed, hook_(db, entry_));
    return {};
  }));
  if (committed) committed();
  return {};
}

}  // namespace gk::arbiter
