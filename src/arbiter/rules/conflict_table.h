// conflict_table.h: which operations on one resource exclude each other, and what then happens.
//
// "configure_network" while "restart_network" runs on the same resource is a conflict; the table
// says whether the second waits, fails, becomes one with the first, or whether rank decides. It
// is pure: it tells the caller what to start, end or undo. Undo itself is transact.h.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gamekeeper/ids.h"
#include "gamekeeper/result.h"

namespace gk::arbiter {

using OperationId = Id<struct OperationTag>;

enum class ConflictStrategy : std::uint8_t {
  queue,       ///< The second waits for the first.
  abort,       ///< The second fails, naming the first.
  merge,       ///< A merge function makes one operation; both callers get its result.
  prioritise,  ///< The higher proceeds; the lower fails, or is undone if it runs and may be.
};

/// One operation that somebody wants to run.
struct Operation {
  std::string resource;  ///< At most 128 bytes.
  std::string kind;      ///< At most 64 bytes.
  std::string argument;  ///< What a merge function combines. At most 64 KiB.
  std::uint8_t priority = 50;
  bool abortable = false;  ///< Once started it can be undone.
};

/// What happened to an operation. `with` is the other one of the conflict.
struct OperationEvent {
  enum class What : std::uint8_t {
    start,   ///< Run it now, with `argument`.
    fail,    ///< Do not run it: `error`.
    undo,    ///< It runs: undo it, then call finish() with an error; it ends with one that
             ///< names `with`. If it was done before, finish() with success: then it stands.
    merged,  ///< It ends as `with` ends, with the same result.
    ended,   ///< It ended; `error` holds why, or is empty for success.
  };
  What what = What::start;
  OperationId operation, with;
  std::string argument;
  std::optional<Error> error;
};

/// One rule, as add_rule() got it.
struct ConflictRule {
  std::string one, other;
  ConflictStrategy strategy = ConflictStrategy::queue;
};

struct ConflictLimits {
  std::size_t max_rules = 256;        ///< Pairs of kinds. [1, 4096]
  std::size_t max_operations = 1024;  ///< Running and waiting. [1, 65536]
};

/// Thread:     compatible.
/// Invariants: no two running operations of one resource conflict; each ends exactly once; a
///             resource without operations takes no memory.
class ConflictTable {
 public:
  /// Combines the arguments of the first and the second into one operation.
  /// An error, or more than 64 KiB: they are not merged, and the second waits.
  using Merge = std::function<Result<std::string>(std::string_view first, std::string_view second)>;

  explicit ConflictTable(ConflictLimits limits = {}) : limits_(limits) {}

  /// Says that `one` and `other` conflict, in both directions. `merge` is for that strategy.
  /// Errors: invalid_argument (no merge function, a name too long), resource_exhausted.
  Result<void> add_rule(std::string_view one, std::string_view other, ConflictStrategy strategy,
                        Merge merge = {});

  /// Forgets all rules; nothing starts yet. What runs goes on, also when the next rules forbid it.
  void clear_rules() { rules_.clear(); }
  /// After a change of rules: starts what waits for nothing any more.
  void start_waiting();
  std::vector<ConflictRule> rules() const;

  /// Asks to run `operation`; events() tells what to do.
  /// Errors: resource_exhausted (max_operations), invalid_argument (a name too long).
  Result<OperationId> submit(Operation operation);
  /// The operation ended by itself, or its undo did (then `result` is an error).
  /// Errors: not_found.
  Result<void> finish(OperationId operation, const Result<void>& result);
  /// Withdraws a waiting operation. Errors: not_found, failed_precondition (it runs).
  Result<void> cancel(OperationId operation);

  /// What to do since the last call, in order.
  std::vector<OperationEvent> take_events() { return std::exchange(events_, {}); }
  std::size_t size() const { return entries_.size(); }
  std::size_t resources() const { return resources_.size(); }

 private:
  enum class State : std::uint8_t { waiting, running, undoing, merged };
  struct Entry {
    Operation operation;
    State state = State::waiting;
    OperationId into;        // merged: where
    OperationId undone_for;  // undoing: because of
  };
  struct Rule {
    ConflictStrategy strategy = ConflictStrategy::queue;
    Merge merge;
    bool flipped = false;  // Asked in the other order than add_rule() had it.
  };

  const Rule* rule_between(const Operation& one, const Operation& other) const;
  bool blocked(OperationId id, const Entry& entry) const;
  void start_ready(const std::string& resource);
  void end(OperationId id, std::optional<Error> error);
  bool merge_into(OperationId id, Entry& entry, OperationId other_id, Entry& other,
                  const Rule& rule);
  bool settle(OperationId id, Entry& entry, OperationId other_id, Entry& other, const Rule& rule);
  void fail(OperationId id, OperationId with, const std::string& why);
  void push(OperationEvent::What what, OperationId id, OperationId with, std::string argument,
            std::optional<Error> error);

  const ConflictLimits limits_;
  std::map<std::pair<std::string, std::string>, Rule, std::less<>> rules_;
  std::map<OperationId, Entry> entries_;
  std::map<std::string, std::set<OperationId>> resources_;  // In order of submission.
  std::vector<OperationEvent> events_;
  std::uint64_t last_id_ = 0;
};

}  // namespace gk::arbiter
