// condition.h: "tick_ratio < 0.8 and not player == 'Bob'".
//
// A signal that is not known makes its comparison neither true nor false, and what is not true
// does not act: `not tick_ratio < 0.8` is not true either while the tick is unknown.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"
#include "macros/scripts/rules/variables.h"

namespace gk::macros {

/// The value of a signal now; nothing while it is unknown.
using SignalView = std::function<std::optional<double>(std::string_view name)>;

/// tick_ratio, latency_ms, response_time_ms, cpu_usage, memory_usage, fps.
bool is_signal(std::string_view name);

/// Grammar: comparisons (< <= > >= == != contains) of names, numbers and 'texts', `known(signal)`,
/// joined by `and`, `or`, `not` and parentheses. Texts that are numbers compare as numbers.
/// Thread: immutable.
class Condition {
 public:
  static constexpr std::size_t kMaxBytes = 512;  // Source: chosen
  static constexpr int kMaxDepth = 16;           // Source: chosen

  /// Errors: invalid_argument (with the place).
  static Result<Condition> parse(std::string_view text);

  /// Only what is certainly true is true. Cost: O(length).
  bool holds(const Variables& variables, const SignalView& signals) const;
  /// Names that are no signals.
  std::vector<std::string> variables() const;
  const std::string& text() const { return text_; }

 private:
  friend class ConditionParser;
  enum class Op : std::uint8_t {
    less,
    at_most,
    more,
    at_least,
    equal,
    unequal,
    contains,
    known,
    negate,
    both,
    either
  };
  struct Operand {
    enum class Kind : std::uint8_t { literal, variable, signal } kind = Kind::literal;
    std::string text;
  };
  struct Node {  // In postfix order.
    Op op = Op::less;
    Operand left, right;
  };
  static std::optional<std::string> value_of(const Operand& operand, const Variables& variables,
                                             const SignalView& signals);
  static std::optional<bool> compare(const Node& node, const Variables& variables,
                                     const SignalView& signals);

  std::string text_;
  std::vector<Node> nodes_;
};

}  // namespace gk::macros
