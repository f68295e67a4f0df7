#include "arbiter/operations/operation_kinds.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "base/try.h"

namespace gk::arbiter {
namespace {

constexpr std::array<std::string_view, 4> kStrategies = {"queue", "abort", "merge", "prioritise"};
constexpr std::size_t kMaxRules = 256;  // Source: ConflictLimits

using Steps = Result<std::vector<StepCall>>;

/// The only member of an object, of the asked type.
Result<const JsonValue*> only_member(const JsonValue& input, std::string_view key,
                                     bool (JsonValue::*is)() const, const char* expected) {
  JsonReader reader(input, "");
  reader.require(key);
  const JsonValue* member = reader.member(key);
  if (member != nullptr && !(member->*is)()) reader.complain(key, expected);
  reader.refuse_unknown();
  GK_CHECK_OK(reader.result());
  return member;
}

/// The steps, when there are 1 to 64 of them.
Steps bounded(std::vector<StepCall> steps) {
  if (!steps.empty() && steps.size() <= kMaxTransactSteps) return steps;
  return Error{Errc::invalid_argument, "an operation has 1 to 64 steps"};
}

Steps set_steps(const StepKinds& kinds, const JsonValue& input) {
  GK_TRY(const JsonValue* values,
         only_member(input, "values", &JsonValue::is_object, "expected an object"));
  std::vector<StepCall> out;
  for (const auto& [key, value] : values->as_object()) {
    GK_TRY(auto step,
           make_step(kinds, "setting.set", JsonValue::Object{{"key", key}, {"value", value}}));
    out.push_back(std::move(step));
  }
  return bounded(std::move(out));
}

Steps remove_steps(const StepKinds& kinds, const JsonValue& input) {
  GK_TRY(const JsonValue* keys,
         only_member(input, "keys", &JsonValue::is_array, "expected a list of keys"));
  std::vector<StepCall> out;
  for (const JsonValue& key : keys->as_array()) {
    GK_TRY(auto step, make_step(kinds, "setting.remove", JsonValue::Object{{"key", key}}));
    out.push_back(std::move(step));
  }
  return bounded(std::move(out));
}

Steps transact_steps(const StepKinds& kinds, const JsonValue& input) {
  GK_TRY(const JsonValue* steps,
         only_member(input, "steps", &JsonValue::is_array, "expected a list of steps"));
  std::vector<StepCall> out;
  for (std::size_t i = 0; i < steps->as_array().size() && i <= kMaxTransactSteps; ++i) {
    JsonReader reader(steps->as_array()[i], "steps[" + std::to_string(i) + "]");
    std::string kind;
    reader.require("kind");
    reader.string("kind", kind, 64);
    const JsonValue* own = reader.member("input");
    reader.refuse_unknown();
    GK_CHECK_OK(reader.result());
    auto step = make_step(kinds, kind, own == nullptr ? JsonValue(JsonValue::Object{}) : *own);
    if (!step) {
      return Error{step.error().code, "steps[" + std::to_string(i) + "]: " + step.error().message};
    }
    out.push_back(std::move(*step));
  }
  return bounded(std::move(out));
}

/// All values of both; of the second where both have a key.
Result<std::string> merge_values(std::string_view first, std::string_view second) {
  GK_TRY(const JsonValue one, parse_json(first));
  GK_TRY(const JsonValue other, parse_json(second));
  JsonValue::Object values = other.find("values")->as_object();
  for (const auto& [key, value] : one.find("values")->as_object()) {
    if (other.find("values")->find(key) == nullptr) values.emplace_back(key, value);
  }
  if (values.size() > kMaxTransactSteps) return Error{Errc::resource_exhausted, "too many values"};
  return to_json(JsonValue(JsonValue::Object{{"values", JsonValue(std::move(values))}}));
}

}  // namespace

std::map<std::string, OperationKind, std::less<>> builtin_operations(const StepKinds& steps) {
  std::map<std::string, OperationKind, std::less<>> out;
  const auto add = [&](OperationKind kind) {
    const std::string name = kind.name;
    out.emplace(name, std::move(kind));
  };
  const auto one_step = [&steps](const char* kind) {
    return [&steps, kind](const JsonValue& input) -> Steps {
      GK_TRY(auto step, make_step(steps, kind, input));
      return std::vector<StepCall>{std::move(step)};
    };
  };
  add({"settings.set", true, [&steps](const JsonValue& in) { return set_steps(steps, in); },
       merge_values});
  add({"settings.remove",
       true,
       [&steps](const JsonValue& in) { return remove_steps(steps, in); },
       {}});
  add({"file.write", true, one_step("file.write"), {}});
  add({"file.remove", true, one_step("file.remove"), {}});
  add({"transact", true, [&steps](const JsonValue& in) { return transact_steps(steps, in); }, {}});
  return out;
}

std::vector<ConflictRule> default_conflicts() {
  using enum ConflictStrategy;
  return {{"settings.set", "settings.set", merge},
          {"settings.set", "settings.remove", queue},
          {"settings.remove", "settings.remove", queue},
          {"file.write", "file.write", prioritise},
          {"file.write", "file.remove", queue},
          {"file.remove", "file.remove", abort},
          {"transact", "transact", queue},
          {"transact", "settings.set", queue},
          {"transact", "settings.remove", queue},
          {"transact", "file.write", queue},
          {"transact", "file.remove", queue}};
}

std::string_view strategy_name(ConflictStrategy strategy) {
  return kStrategies[static_cast<std::size_t>(strategy)];
}

std::optional<ConflictStrategy> parse_strategy(std::string_view name) {
  const auto* const found = std::find(kStrategies.begin(), kStrategies.end(), name);
  if (found == kStrategies.end()) return std::nullopt;
  return static_cast<ConflictStrategy>(found - kStrategies.begin());
}

std::string conflicts_json(const std::vector<ConflictRule>& rules) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  for (const ConflictRule& rule : rules) {
    w.begin_object().field("one", rule.one).field("other", rule.other);
    w.field("strategy", strategy_name(rule.strategy)).end_object();
  }
  w.end_array().key("next_cursor").null().end_object();
  return out;
}

Result<std::vector<ConflictRule>> read_conflicts(
    const JsonValue& body, const std::map<std::string, OperationKind, std::less<>>& kinds) {
  JsonReader outer(body, "");
  outer.require("items");
  const JsonValue* items = outer.member("items");
  (void)outer.member("next_cursor");
  if (items != nullptr && (!items->is_array() || items->as_array().size() > kMaxRules)) {
    outer.complain("items", "expected a list of at most 256 rules");
  }
  outer.refuse_unknown();
  GK_CHECK_OK(outer.result());
  std::vector<ConflictRule> out;
  for (std::size_t i = 0; i < items->as_array().size(); ++i) {
    JsonReader reader(items->as_array()[i], "items[" + std::to_string(i) + "]");
    ConflictRule rule;
    std::string strategy;
    for (const char* key : {"one", "other", "strategy"}) reader.require(key);
    reader.string("one", rule.one, 64);
    reader.string("other", rule.other, 64);
    reader.string("strategy", strategy, 16);
    reader.refuse_unknown();
    const auto parsed = parse_strategy(strategy);
    if (!parsed) reader.complain("strategy", "expected queue, abort, merge or prioritise");
    const auto known = kinds.find(rule.one);
    if (known == kinds.end()) reader.complain("one", "no such kind of operation");
    if (!kinds.contains(rule.other)) reader.complain("other", "no such kind of operation");
    if (parsed == ConflictStrategy::merge && known != kinds.end() &&
        (rule.one != rule.other || !known->second.merge)) {
      reader.complain("strategy", "only settings.set can be merged, with itself");
    }
    GK_CHECK_OK(reader.result());
    rule.strategy = *parsed;
    out.push_back(std::move(rule));
  }
  return out;
}

}  // namespace gk::arbiter
