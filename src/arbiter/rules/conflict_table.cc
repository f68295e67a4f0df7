#include "arbiter/rules/conflict_table.h"

#include <algorithm>
#include <utility>

namespace gk::arbiter {
namespace {

std::string name_of(OperationId id, const Operation& operation) {
  return operation.kind + " " + std::to_string(id.value) + " on " + operation.resource;
}

constexpr std::size_t kMaxArgument = 64U << 10;  // Source: chosen

Result<void> check(std::string_view text, std::size_t limit, const char* what) {
  if (!text.empty() && text.size() <= limit) return {};
  return Error{Errc::invalid_argument,
               std::string(what) + " must have 1 to " + std::to_string(limit) + " bytes"};
}

}  // namespace

Result<void> ConflictTable::add_rule(std::string_view one, std::string_view other,
                                     ConflictStrategy strategy, Merge merge) {
  if (auto good = check(one, 64, "a kind"); !good) return good;
  if (auto good = check(other, 64, "a kind"); !good) return good;
  if (strategy == ConflictStrategy::merge && !merge) {
    return Error{Errc::invalid_argument, "the merge strategy needs a merge function"};
  }
  if (!rules_.contains(std::pair(std::string(one), std::string(other))) &&
      rules_.size() + 2 > 2 * limits_.max_rules) {
    return Error{Errc::resource_exhausted, "the conflict table has all of its rules"};
  }
  rules_[{std::string(one), std::string(other)}] = {strategy, merge, false};
  if (one != other) rules_[{std::string(other), std::string(one)}] = {strategy, merge, true};
  return {};
}

void ConflictTable::start_waiting() {
  std::vector<std::string> names;
  for (const auto& [name, ids] : resources_) names.push_back(name);
  for (const std::string& name : names) start_ready(name);
}

std::vector<ConflictRule> ConflictTable::rules() const {
  std::vector<ConflictRule> out;
  for (const auto& [kinds, rule] : rules_) {
    if (!rule.flipped) out.push_back({kinds.first, kinds.second, rule.strategy});
  }
  return out;
}

const ConflictTable::Rule* ConflictTable::rule_between(const Operation& one,
                                                       const Operation& other) const {
  const auto found = rules_.find(std::pair(one.kind, other.kind));
  return found == rules_.end() ? nullptr : &found->second;
}

void ConflictTable::push(OperationEvent::What what, OperationId id, OperationId with,
                         std::string argument, std::optional<Error> error) {
  events_.push_back({what, id, with, std::move(argument), std::move(error)});
}

Result<OperationId> ConflictTable::submit(Operation operation) {
  if (auto good = check(operation.resource, 128, "a resource"); !good) return good.error();
  if (auto good = check(operation.kind, 64, "a kind"); !good) return good.error();
  if (operation.argument.size() > kMaxArgument) {
    return Error{Errc::invalid_argument, "an argument must have at most 65536 bytes"};
  }
  if (entries_.size() >= limits_.max_operations) {
    return Error{Errc::resource_exhausted, "too many operations run or wait"};
  }
  const OperationId id(++last_id_);
  const std::string resource = operation.resource;
  const std::set<OperationId> others = resources_[resource];
  resources_[resource].insert(id);
  Entry& entry = entries_[id];
  entry.operation = std::move(operation);
  for (const OperationId other_id : others) {  // a newcomer that fails ends nobody else
    const Entry& other = entries_.at(other_id);
    const Rule* rule = rule_between(other.operation, entry.operation);
    if (rule == nullptr || other.state == State::merged) continue;
    const bool below = entry.operation.priority <= other.operation.priority;
    if (rule->strategy == ConflictStrategy::prioritise && below) {
      fail(id, other_id, "is not above");
      return id;
    }
    if (rule->strategy == ConflictStrategy::abort) {
      fail(id, other_id, "conflicts with");
      return id;
    }
  }
  for (const OperationId other_id : others) {
    const auto other = entries_.find(other_id);
    if (other == entries_.end() || other->second.state == State::merged) continue;
    const Rule* rule = rule_between(other->second.operation, entry.operation);
    if (rule != nullptr && settle(id, entry, other_id, other->second, *rule)) return id;
  }
  start_ready(resource);
  return id;
}

/// Makes a newcomer part of one that waits. False: they cannot become one.
bool ConflictTable::merge_into(OperationId id, Entry& entry, OperationId other_id, Entry& other,
                               const Rule& rule) {
  const std::string &first = other.operation.argument, &second = entry.operation.argument;
  auto both = rule.flipped ? rule.merge(second, first) : rule.merge(first, second);
  if (!both || both->size() > kMaxArgument) return false;
  other.operation.argument = std::move(*both);
  // What is left stands for both callers: it ranks as the higher and is undone only if both may be.
  other.operation.priority = std::max(other.operation.priority, entry.operation.priority);
  other.operation.abortable = other.operation.abortable && entry.operation.abortable;
  entry.state = State::merged;
  entry.into = other_id;
  push(OperationEvent::What::merged, id, other_id, {}, {});
  return true;
}

/// Applies one rule to a newcomer that may proceed. True when it became part of the other.
bool ConflictTable::settle(OperationId id, Entry& entry, OperationId other_id, Entry& other,
                           const Rule& rule) {
  if (rule.strategy == ConflictStrategy::merge && other.state == State::waiting &&
      merge_into(id, entry, other_id, other, rule)) {
    return true;
  }
  if (rule.strategy != ConflictStrategy::prioritise) return false;  // waits for the other
  if (other.state == State::waiting) {
    fail(other_id, id, "gave way to");
  } else if (other.state == State::running && other.operation.abortable) {
    other.state = State::undoing;
    other.undone_for = id;
    push(OperationEvent::What::undo, other_id, id, {}, {});
  }
  return false;  // starts when the other has ended, undone or by itself
}

void ConflictTable::fail(OperationId id, OperationId with, const std::string& why) {
  const auto rival = entries_.find(with);
  end(id, Error{Errc::failed_precondition, name_of(id, entries_[id].operation) + " " + why + " " +
                                               name_of(with, rival->second.operation)});
  events_.back().with = with;
  events_.back().what = OperationEvent::What::fail;
}

bool ConflictTable::blocked(OperationId id, const Entry& entry) const {
  for (const OperationId other_id : resources_.at(entry.operation.resource)) {
    const auto& other = entries_.at(other_id);
    if (other_id == id || other.state == State::merged) continue;
    if (rule_between(other.operation, entry.operation) == nullptr) continue;
    const bool acts = other.state == State::running || other.state == State::undoing;
    if (acts || other_id < id) return true;  // first come, first served
  }
  return false;
}

void ConflictTable::start_ready(const std::string& resource) {
  const auto found = resources_.find(resource);
  if (found == resources_.end()) return;
  for (const OperationId id : found->second) {
    Entry& entry = entries_.at(id);
    if (entry.state != State::waiting || blocked(id, entry)) continue;
    entry.state = State::running;
    push(OperationEvent::What::start, id, {}, entry.operation.argument, {});
  }
}

/// Ends an operation and those merged into it, and forgets a resource without any.
void ConflictTable::end(OperationId id, std::optional<Error> error) {
  const std::string resource = entries_.at(id).operation.resource;
  auto& here = resources_.at(resource);
  const std::set<OperationId> all = here;
  for (const OperationId other : all) {
    const Entry& entry = entries_.at(other);
    if (entry.state != State::merged || entry.into != id) continue;
    push(OperationEvent::What::ended, other, id, {}, error);
    entries_.erase(other);
    here.erase(other);
  }
  push(OperationEvent::What::ended, id, {}, {}, std::move(error));
  entries_.erase(id);
  here.erase(id);
  if (here.empty()) resources_.erase(resource);
}

Result<void> ConflictTable::finish(OperationId id, const Result<void>& result) {
  const auto found = entries_.find(id);
  const bool acts = found != entries_.end() && (found->second.state == State::running ||
                                                found->second.state == State::undoing);
  if (!acts) return Error{Errc::not_found, "no such operation runs"};
  const std::string resource = found->second.operation.resource;
  std::optional<Error> error;
  if (!result) error = result.error();
  if (found->second.state == State::undoing && error) {
    error = Error{Errc::failed_precondition, name_of(id, found->second.operation) +
                                                 " gave way to operation " +
                                                 std::to_string(found->second.undone_for.value)};
  }
  end(id, std::move(error));
  start_ready(resource);
  return {};
}

Result<void> ConflictTable::cancel(OperationId id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return Error{Errc::not_found, "no such operation"};
  if (found->second.state != State::waiting) {
    return Error{Errc::failed_precondition, "the operation runs or is part of another"};
  }
  const std::string resource = found->second.operation.resource;
  end(id, Error{Errc::cancelled, "cancelled by its caller"});
  start_ready(resource);
  return {};
}

}  // namespace gk::arbiter
