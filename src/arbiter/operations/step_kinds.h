// step_kinds.h: the steps that a transaction of the daemon may be made of, each with its undo.
//
// A step changes one resource: a file below the data directory's config folder, or a setting in
// state.db. What its undo needs is read before anything runs, under the transaction's locks, and is
// journalled before the step runs (rules/transact.h). Each undo restores what was there before the
// transaction, so it may run twice, and before its step did.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arbiter/operations/stop_flag.h"
#include "arbiter/rules/transact.h"
#include "base/clock.h"
#include "base/json.h"
#include "store/writer.h"

namespace gk::arbiter {

/// Most bytes of a file that a step writes or replaces. Source: chosen; the journal holds them.
inline constexpr std::size_t kMaxStepFile = 256U << 10;

/// One kind of step. The functions block and run on a pool thread, except `resource`.
struct StepKind {
  std::string name;
  bool needs_admin = false;  ///< Only a caller who may administer tasks runs it.
  /// Checks an input and names its resource; empty: it needs none.
  std::function<Result<std::string>(const JsonValue& input)> resource;
  /// Reads what the undo needs: begins with the resource and a NUL byte.
  std::function<Result<std::string>(const JsonValue& input)> undo_data;
  std::function<Result<void>(const JsonValue& input, StopFlag& stop)> run;
  Undo undo;
};

/// The kinds by name.
/// Thread: compatible until filled; then immutable.
class StepKinds {
 public:
  void add(StepKind kind);
  const StepKind* find(std::string_view name) const;
  std::vector<std::string> names() const;
  /// For transact() and recover().
  UndoTable undo_table() const;

 private:
  std::map<std::string, StepKind, std::less<>> kinds_;
};

/// One step of a transaction: a kind and its input.
struct StepCall {
  const StepKind* kind = nullptr;
  JsonValue input;
  std::string resource;
};

/// Looks a step up and checks its input.
/// Errors: invalid_argument (unknown kind, input).
Result<StepCall> make_step(const StepKinds& kinds, std::string_view kind, JsonValue input);

/// The resource that a journalled step changed.
std::string resource_of(const JournalStep& step);

/// Runs the steps as one transaction. Blocks.
/// Errors: as transact(), and of reading what the undo needs. Then nothing ran.
Result<TransactReport> run_transaction(Journal& journal, const UndoTable& undo,
                                       const std::vector<StepCall>& steps, StopFlag& stop);

/// file.write {path, content}, file.remove {path} below `directory`; setting.set {key, value},
/// setting.remove {key}; wait {seconds}. Requires: writer and clock outlive the kinds.
/// Errors: as ConfinedDir::open().
Result<StepKinds> builtin_steps(const std::string& directory, store::Writer& writer,
                                const Clock& clock);

}  // namespace gk::arbiter
