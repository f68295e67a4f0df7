// transact.h: several steps, all or nothing, whatever happens in between.
//
// Before a step runs, its name and undo data are in the journal. On an error, cancellation,
// timeout or crash the undo of each step that may have run is run in reverse; recover() does the
// same after a restart from the journal alone. So an undo must be idempotent and must cope with a
// step that never ran: the journal is written first. Lanes are held by the caller, for instance by
// acquire_all(). The daemon keeps the journal in state.db; MemoryJournal is for tests and
// embedders.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/ids.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::arbiter {

using TransactionId = Id<struct TransactionTag>;

/// One journalled step. `undo_data` is all that the undo of `kind` needs, also after a restart.
struct JournalStep {
  std::string kind;
  std::string undo_data;

  friend bool operator==(const JournalStep&, const JournalStep&) = default;
};

/// A transaction that the journal still holds.
struct OpenTransaction {
  TransactionId id;
  std::vector<JournalStep> steps;  ///< Those that may have run, in order.
};

/// Where transactions survive a crash.
/// Requires: when a call returns success its effect is on disk.
/// Thread:   as the implementation says.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual Result<TransactionId> begin() = 0;
  /// Called before the step runs.
  virtual Result<void> append(TransactionId id, const JournalStep& step) = 0;
  /// Called after the undo of the last step still noted.
  virtual Result<void> pop(TransactionId id) = 0;
  /// All steps stand, or all are undone: forgets the transaction.
  virtual Result<void> end(TransactionId id) = 0;
  virtual Result<std::vector<OpenTransaction>> open() = 0;
};

/// A journal in memory, bounded. Errors: resource_exhausted.
/// Thread: compatible.
class MemoryJournal final : public Journal {
 public:
  explicit MemoryJournal(std::size_t max_open = 256) : max_open_(max_open) {}
  Result<TransactionId> begin() override;
  Result<void> append(TransactionId id, const JournalStep& step) override;
  Result<void> pop(TransactionId id) override;
  Result<void> end(TransactionId id) override;
  Result<std::vector<OpenTransaction>> open() override;

 private:
  std::size_t max_open_;
  std::map<TransactionId, std::vector<JournalStep>> open_;
  std::uint64_t last_id_ = 0;
};

/// Undoes a step of one kind. Idempotent; copes with a step that did not run.
using Undo = std::function<Result<void>(std::string_view undo_data)>;
using UndoTable = std::map<std::string, Undo, std::less<>>;

/// A step to run: `act` does it, the table's undo for `note.kind` takes it back.
struct TransactStep {
  JournalStep note;
  std::function<Result<void>()> act;
};

/// Asked between steps: nothing, or why the transaction must stop (cancelled, deadline_exceeded).
using StopCheck = std::function<Result<void>()>;

enum class TransactEnd : std::uint8_t {
  committed,    ///< All steps stand.
  rolled_back,  ///< None does.
  stuck,        ///< An undo or the journal failed: recover() must try again.
};

struct TransactReport {
  TransactionId id;
  TransactEnd end = TransactEnd::committed;
  std::size_t steps_run = 0;
  std::optional<Error> error;  ///< Why it is not committed.
};

/// Most steps of a transaction. Source: chosen; bounds the journal.
inline constexpr std::size_t kMaxTransactSteps = 64;

/// Runs the steps in order; on the first error undoes what ran, in reverse.
/// Errors: invalid_argument (no step, too many, or a kind without undo), those of begin(). Then
///         nothing ran.
Result<TransactReport> transact(Journal& journal, const UndoTable& undo,
                                const std::vector<TransactStep>& steps, const StopCheck& stop = {});

/// Rolls back one transaction that is open and does not run.
/// Errors: those of the journal or of the first undo that failed, data_loss (kind without undo).
///         It stays open as far as it was not undone; call it again.
Result<void> recover(Journal& journal, const UndoTable& undo, const OpenTransaction& transaction);
/// After a restart: rolls back each open transaction, also those after one that cannot be. Returns
/// how many are done. Requires: none runs.
/// Errors: the first of the above; call it again.
Result<std::size_t> recover(Journal& journal, const UndoTable& undo);

}  // namespace gk::arbiter
