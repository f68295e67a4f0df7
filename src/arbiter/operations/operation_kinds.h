// operation_kinds.h: the operations that callers may ask for, and which of them conflict at first.
//
// An operation becomes the steps of one transaction. Which operations exclude each other on one
// resource is the table of conflicts (rules/conflict_table.h), which an operator may change.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "arbiter/operations/step_kinds.h"
#include "arbiter/rules/conflict_table.h"

namespace gk::arbiter {

/// One kind of operation.
struct OperationKind {
  std::string name;
  bool abortable = true;  ///< Once started it may be rolled back for a higher one.
  /// The steps for an input. Errors: invalid_argument.
  std::function<Result<std::vector<StepCall>>(const JsonValue& input)> steps;
  /// Makes one input of two; empty: this kind cannot be merged. Inputs as JSON text.
  ConflictTable::Merge merge;
};

/// settings.set {values}, settings.remove {keys}, file.write {path, content}, file.remove {path},
/// transact {steps: [{kind, input}]}. Requires: `steps` outlives them.
std::map<std::string, OperationKind, std::less<>> builtin_operations(const StepKinds& steps);

/// The rules that hold until an operator changes them. Source: chosen; docs/tasks.md
std::vector<ConflictRule> default_conflicts();

std::string_view strategy_name(ConflictStrategy strategy);
std::optional<ConflictStrategy> parse_strategy(std::string_view name);

/// The table of conflicts as JSON, and back.
/// Errors of reading: invalid_argument (with every complaint), as add_rule().
std::string conflicts_json(const std::vector<ConflictRule>& rules);
Result<std::vector<ConflictRule>> read_conflicts(
    const JsonValue& body, const std::map<std::string, OperationKind, std::less<>>& kinds);

}  // namespace gk::arbiter
