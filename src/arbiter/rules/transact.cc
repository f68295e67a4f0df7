#include "arbiter/rules/transact.h"

#include <optional>

namespace gk::arbiter {

Result<TransactionId> MemoryJournal::begin() {
  if (open_.size() >= max_open_) {
    return Error{Errc::resource_exhausted, "too many transactions are open"};
  }
  const TransactionId id(++last_id_);
  open_[id];
  return id;
}

Result<void> MemoryJournal::append(TransactionId id, const JournalStep& step) {
  const auto found = open_.find(id);
  if (found == open_.end()) return Error{Errc::not_found, "no such transaction"};
  if (found->second.size() >= kMaxTransactSteps) {
    return Error{Errc::resource_exhausted, "the transaction has all of its steps"};
  }
  found->second.push_back(step);
  return {};
}

Result<void> MemoryJournal::pop(TransactionId id) {
  const auto found = open_.find(id);
  if (found == open_.end() || found->second.empty()) {
    return Error{Errc::not_found, "no such step"};
  }
  found->second.pop_back();
  return {};
}

Result<void> MemoryJournal::end(TransactionId id) {
  if (open_.erase(id) == 0) return Error{Errc::not_found, "no such transaction"};
  return {};
}

Result<std::vector<OpenTransaction>> MemoryJournal::open() {
  std::vector<OpenTransaction> out;
  for (const auto& [id, steps] : open_) out.push_back({id, steps});
  return out;
}

namespace {

Result<void> roll_back(Journal& journal, const UndoTable& undo, TransactionId id,
                       const std::vector<JournalStep>& steps) {
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const auto found = undo.find(step->kind);
    if (found == undo.end()) {
      return Error{Errc::data_loss, "nothing can undo a step of kind " + step->kind};
    }
    if (auto undone = found->second(step->undo_data); !undone) return undone;
    if (auto popped = journal.pop(id); !popped) return popped;
  }
  return journal.end(id);
}

/// Runs the steps and notes them in `noted`; the error of the first that failed.
Result<void> run_steps(Journal& journal, TransactionId id, const std::vector<TransactStep>& steps,
                       const StopCheck& stop, std::vector<JournalStep>& noted,
                       std::size_t& steps_run) {
  for (const TransactStep& step : steps) {
    if (stop) {
      if (auto go_on = stop(); !go_on) return go_on;
    }
    if (auto appended = journal.append(id, step.note); !appended) return appended;
    noted.push_back(step.note);
    if (auto acted = step.act(); !acted) return acted;
    ++steps_run;
  }
  return stop ? stop() : Result<void>();
}

}  // namespace

Result<TransactReport> transact(Journal& journal, const UndoTable& undo,
                                const std::vector<TransactStep>& steps, const StopCheck& stop) {
  if (steps.empty() || steps.size() > kMaxTransactSteps) {
    return Error{Errc::invalid_argument, "a transaction has 1 to 64 steps"};
  }
  for (const TransactStep& step : steps) {
    if (!undo.contains(step.note.kind)) {
      return Error{Errc::invalid_argument, "nothing can undo a step of kind " + step.note.kind};
    }
  }
  const auto id = journal.begin();
  if (!id) return id.error();
  TransactReport report;
  report.id = *id;
  std::vector<JournalStep> noted;
  auto ran = run_steps(journal, *id, steps, stop, noted, report.steps_run);
  if (ran) ran = journal.end(*id);  // the moment of commit: before it, recovery rolls back
  if (ran) return report;
  report.error = ran.error();
  const auto undone = roll_back(journal, undo, *id, noted);
  report.end = undone ? TransactEnd::rolled_back : TransactEnd::stuck;
  return report;
}

Result<void> recover(Journal& journal, const UndoTable& undo, const OpenTransaction& transaction) {
  return roll_back(journal, undo, transaction.id, transaction.steps);
}

Result<std::size_t> recover(Journal& journal, const UndoTable& undo) {
  const auto open = journal.open();
  if (!open) return open.error();
  std::optional<Error> failed;
  for (const OpenTransaction& transaction : *open) {
    auto done = recover(journal, undo, transaction);
    if (!done && !failed) failed = std::move(done).error();
  }
  if (failed) return std::move(*failed);
  return open->size();
}

}  // namespace gk::arbiter
