#include "macros/scripts/rules/condition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/json_writer.h"
#include "base/try.h"
#include "macros/scripts/rules/text_pattern.h"

namespace gk::macros {
namespace {

// Source: games/port.h, GameHealth; monitor/rules/snapshot.h.
constexpr std::array<std::string_view, 6> kSignals = {
    "tick_ratio", "latency_ms", "response_time_ms", "cpu_usage", "memory_usage", "fps"};

std::optional<double> number_in(std::string_view text) {
  double out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  // A player may be called "nan": that is a text.
  if (failed != std::errc() || end != text.data() + text.size() || !std::isfinite(out)) {
    return std::nullopt;
  }
  return out;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

}  // namespace

bool is_signal(std::string_view name) {
  return std::find(kSignals.begin(), kSignals.end(), name) != kSignals.end();
}

/// Recursive descent; depth is bounded by Condition::kMaxDepth.
class ConditionParser {
 public:
  explicit ConditionParser(std::string_view text) : text_(text) {}

  Result<Condition> all() {
    out_.text_ = text_;
    GK_CHECK_OK(either(0));
    skip();
    if (at_ < text_.size()) return error("expected and, or or the end");
    return std::move(out_);
  }

 private:
  using Op = Condition::Op;
  using Operand = Condition::Operand;

  Error error(const std::string& what) const {
    return {Errc::invalid_argument, "character " + std::to_string(at_ + 1) + ": " + what};
  }
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  std::string_view peek_word() {
    skip();
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_word(std::string_view word) {
    if (peek_word() != word) return false;
    at_ += word.size();
    return true;
  }
  bool take(std::string_view mark) {
    skip();
    if (!text_.substr(at_).starts_with(mark)) return false;
    at_ += mark.size();
    return true;
  }
  void emit(Op op) { out_.nodes_.push_back({op, {}, {}}); }

  Result<void> either(int depth) {
    GK_CHECK_OK(both(depth));
    while (take_word("or")) {
      GK_CHECK_OK(both(depth));
      emit(Op::either);
    }
    return {};
  }
  Result<void> both(int depth) {
    GK_CHECK_OK(one(depth));
    while (take_word("and")) {
      GK_CHECK_OK(one(depth));
      emit(Op::both);
    }
    return {};
  }
  Result<void> one(int depth) {
    if (depth == Condition::kMaxDepth) return error("nested too deeply");
    if (take_word("not")) {
      GK_CHECK_OK(one(depth + 1));
      emit(Op::negate);
      return {};
    }
    if (take("(")) {
      GK_CHECK_OK(either(depth + 1));
      if (!take(")")) return error("expected )");
      return {};
    }
    if (peek_word() == "known") return known();
    return comparison();
  }
  Result<void> known() {
    take_word("known");
    if (!take("(")) return error("expected ( after known");
    GK_TRY(auto operand, operand_here());
    if (operand.kind != Operand::Kind::signal) return error("expected a signal inside known()");
    if (!take(")")) return error("expected )");
    out_.nodes_.push_back({Op::known, std::move(operand), {}});
    return {};
  }
  Result<void> comparison() {
    GK_TRY(auto left, operand_here());
    GK_TRY(const Op op, operator_here());
    GK_TRY(auto right, operand_here());
    out_.nodes_.push_back({op, std::move(left), std::move(right)});
    return {};
  }
  Result<Op> operator_here() {
    if (take("<=")) return Op::at_most;
    if (take("<")) return Op::less;
    if (take(">=")) return Op::at_least;
    if (take(">")) return Op::more;
    if (take("==")) return Op::equal;
    if (take("!=")) return Op::unequal;
    if (take_word("contains")) return Op::contains;
    return error("expected one of < <= > >= == != contains");
  }
  Result<Operand> operand_here() {
    skip();
    if (take("'")) {
      const std::size_t end = text_.find('\'', at_);
      if (end == std::string_view::npos) return error("expected ' at the end of the text");
      Operand out{Operand::Kind::literal, std::string(text_.substr(at_, end - at_))};
      at_ = end + 1;
      return out;
    }
    const std::string_view word = peek_word();
    Operand out{Operand::Kind::literal, std::string(word)};
    if (!number_in(word)) {
      if (!valid_variable(word)) return error("expected a name, a number or a 'text'");
      out.kind = is_signal(word) ? Operand::Kind::signal : Operand::Kind::variable;
    }
    at_ += word.size();
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Condition out_;
};

Result<Condition> Condition::parse(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Error{Errc::invalid_argument, "longer than " + std::to_string(kMaxBytes) + " bytes"};
  }
  return ConditionParser(text).all();
}

std::optional<std::string> Condition::value_of(const Operand& operand, const Variables& variables,
                                               const SignalView& signals) {
  if (operand.kind == Operand::Kind::literal) return operand.text;
  if (operand.kind == Operand::Kind::signal) {
    const auto value = signals(operand.text);
    return value ? std::optional(format_number(*value)) : std::nullopt;
  }
  const auto found = variables.find(operand.text);
  return found == variables.end() ? std::nullopt : std::optional(found->second.text);
}

std::optional<bool> Condition::compare(const Node& node, const Variables& variables,
                                       const SignalView& signals) {
  const auto left = value_of(node.left, variables, signals);
  if (node.op == Op::known) return left.has_value();
  const auto right = value_of(node.right, variables, signals);
  if (!left || !right) return std::nullopt;
  if (node.op == Op::contains) return left->find(*right) != std::string::npos;
  const auto a = number_in(*left), b = number_in(*right);
  if (a && b) {
    switch (node.op) {
      case Op::less: return *a < *b;
      case Op::at_most: return *a <= *b;
      case Op::more: return *a > *b;
      case Op::at_least: return *a >= *b;
      case Op::equal: return *a == *b;
      default: return *a != *b;
    }
  }
  if (node.op == Op::equal) return *left == *right;
  if (node.op == Op::unequal) return *left != *right;
  return std::nullopt;  // Texts have no order.
}

bool Condition::holds(const Variables& variables, const SignalView& signals) const {
  std::vector<std::optional<bool>> stack;
  for (const Node& node : nodes_) {
    if (node.op == Op::negate) {
      if (stack.back()) stack.back() = !*stack.back();
      continue;
    }
    if (node.op != Op::both && node.op != Op::either) {
      stack.push_back(compare(node, variables, signals));
      continue;
    }
    const std::optional<bool> right = stack.back();
    stack.pop_back();
    std::optional<bool>& left = stack.back();
    const bool decides = node.op == Op::either;  // true decides an or, false an and
    if (left == decides || right == decides) {
      left = decides;
    } else if (!left || !right) {
      left = std::nullopt;
    } else {
      left = !decides;
    }
  }
  return stack.size() == 1 && stack[0] == true;
}

std::vector<std::string> Condition::variables() const {
  std::vector<std::string> out;
  for (const Node& node : nodes_) {
    for (const Operand* operand : {&node.left, &node.right}) {
      if (operand->kind == Operand::Kind::variable) out.push_back(operand->text);
    }
  }
  return out;
}

}  // namespace gk::macros
