// operation_service.h: runs operations: conflicts first, then locks, then one transaction.
//
// POST /api/operations and the tasks of a graph come here. The table of conflicts decides whether
// an operation starts, waits, joins another or fails; its resources are then locked together; a
// pool thread runs the steps with their journal. Routes are routes.h, graphs are task_service.h.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arbiter/operations/operation_audit.h"
#include "arbiter/operations/operation_kinds.h"
#include "arbiter/operations/operation_store.h"
#include "arbiter/operations/step_kinds.h"
#include "arbiter/rules/conflict_table.h"
#include "arbiter/rules/lock_table.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "net/loop.h"

namespace gk::arbiter {

/// Source: chosen.
struct OperationOptions {
  std::size_t threads = 4;           ///< Transactions at a time. [1, 16]
  std::size_t max_operations = 256;  ///< Running and waiting; the newest is refused.
  std::size_t max_ended = 200;       ///< Ended ones that list() still shows; the oldest loses.
  Seconds default_deadline{60};      ///< When the caller names none.
  Seconds max_deadline{600};         ///< The most a caller may ask for.
  Millis recovery_period{5'000};     ///< Between tries to roll back a stuck transaction.
};

struct OperationRequest {
  std::string kind, resource;
  std::uint8_t priority = 50;
  JsonValue input;
  Nanos deadline{0};  ///< From now; 0: the default.
  Author by;
  bool is_admin = false;
};

struct OperationView;  // operation_active.h

/// How an operation ended.
struct OperationOutcome {
  OperationId id;
  std::size_t steps = 0;
  std::optional<OperationId> merged_into;
};

/// Thread:     loop. Invariants: those of the tables it drives; each caller is answered once.
/// Degraded:   a transaction that can be neither finished nor undone keeps its resources locked
///             and is tried again; stuck() counts them.
class OperationService {
 public:
  using Done = std::function<void(const Result<OperationOutcome>&)>;

  /// Rolls back what a crash left open, before anything else runs. Blocks: at start-up only.
  /// What cannot be rolled back now stays locked and is tried again.
  /// Errors: those of reading the journal or the table of conflicts.
  static Result<std::unique_ptr<OperationService>> create(OperationOptions options, StepKinds steps,
                                                          store::Writer& writer,
                                                          OperationStore& store, net::Loop& loop,
                                                          const Clock& clock, Log& log,
                                                          Metrics& metrics);
  ~OperationService();  ///< Stops what runs at its next step and rolls it back.

  /// Errors of the answer to `done`, which comes once, perhaps before this returns:
  /// invalid_argument, permission_denied (kind), resource_exhausted, failed_precondition (a
  /// conflict, which it names), deadline_exceeded, cancelled, those of the steps.
  /// Returns the id when the operation was taken.
  std::optional<OperationId> run(OperationRequest request, Done done);
  /// Ends one that waits, or rolls one back that runs.
  /// Errors: not_found, failed_precondition (it is part of another).
  Result<void> cancel(OperationId id);

  /// Running and waiting, then ended, newest first.
  std::string list_json() const;
  /// Errors: not_found.
  Result<std::string> one_json(OperationId id) const;
  std::string conflicts() const { return conflicts_json(table_.rules()); }
  /// Replaces the table; `done` after it is on disk.
  void set_conflicts(const JsonValue& body, const Author& by,
                     std::function<void(const Result<void>&)> done);
  /// From now on each operation is recorded in the commit that ends it. Call before the first.
  void record_in(AuditHook hook) { audit_ = std::move(hook); }
  std::vector<std::string> kinds() const;
  /// Whether a caller must be an administrator to run it. Errors: as run() for its input.
  Result<bool> needs_admin(std::string_view kind, const JsonValue& input) const;
  OperationStore& store() { return store_; }

  std::size_t active() const { return active_.size(); }
  std::size_t locked_resources() const { return locks_.resources(); }
  std::size_t stuck() const { return stuck_.size(); }

 private:
  enum class State : std::uint8_t { waiting, locking, running, undoing, merged, ended };
  struct Active;
  struct Ended;

  OperationService(OperationOptions options, StepKinds steps, store::Writer& writer,
                   OperationStore& store, net::Loop& loop, const Clock& clock, Log& log,
                   Metrics& metrics);
  Result<void> recover_at_start();
  Result<void> load_conflicts();
  Result<void> apply(const std::vector<ConflictRule>& rules);
  Result<std::vector<StepCall>> steps_for(std::string_view kind, const JsonValue& input) const;
  void drain();
  void on_start(Active& active, const std::string& argument);
  void launch(Active& active);
  void on_done(OperationId id, const Result<TransactReport>& report);
  void end(OperationId id, const std::optional<Error>& error);
  void release(LockOwner owner);
  void keep_stuck(const OpenTransaction& transaction, LockOwner owner);
  void retry_stuck();
  void on_deadline(OperationId id);
  static OperationView view_of(const Active& active, std::optional<WallTime> ended);

  const OperationOptions options_;
  const StepKinds steps_;
  const UndoTable undo_;
  const std::map<std::string, OperationKind, std::less<>> kinds_;
  OperationStore& store_;
  SqlJournal journal_;
  AuditHook audit_;
  net::Loop& loop_;
  const Clock& clock_;
  Log& log_;
  ConflictTable table_;
  LockTable locks_;
  std::map<OperationId, std::unique_ptr<Active>> active_;
  std::vector<std::unique_ptr<Ended>> ended_;  // Oldest first.
  struct Stuck {
    OpenTransaction transaction;
    LockOwner owner;
  };
  std::vector<Stuck> stuck_;
  net::Handle stuck_timer_;
  bool draining_ = false;
  std::uint64_t last_recovery_ = 0;
  Counter committed_total_, rolled_back_total_, conflicts_total_;
  Gauge active_gauge_, stuck_gauge_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // Shared with posted answers.
  std::unique_ptr<WorkerPool> pool_;                       // Last: its threads use the above.
};

}  // namespace gk::arbiter
