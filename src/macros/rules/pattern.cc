#include "macros/rules/pattern.h"

#include <algorithm>

#include "base/json_writer.h"
#include "macros/rules/mutant.h"

namespace gk::macros {
namespace {

// Source: the API's contract.
constexpr std::array<std::string_view, kMatchers> kMatcherNames{
    "commands", "chats", "identical_commands", "errors", "memory_growth"};
// Source: the API's contract.
constexpr std::array<std::string_view, 5> kActionNames{"off", "warn", "throttle", "pause",
                                                       "cancel"};
// Source: chosen, for people.
constexpr std::array<std::string_view, kMatchers> kNouns{
    "commands", "chat lines", "identical commands", "errors", "steps of memory growth"};

template <typename T, std::size_t N>
std::optional<T> parse(const std::array<std::string_view, N>& names, std::string_view text) {
  const auto at = std::find(names.begin(), names.end(), text);
  if (at == names.end()) return std::nullopt;
  return static_cast<T>(at - names.begin());
}

}  // namespace

std::string_view matcher_name(Matcher matcher) {
  return kMatcherNames[static_cast<std::size_t>(matcher)];
}
std::optional<Matcher> parse_matcher(std::string_view text) {
  return parse<Matcher>(kMatcherNames, text);
}
std::string_view action_name(PatternAction action) {
  return kActionNames[static_cast<std::size_t>(action)];
}
std::optional<PatternAction> parse_action(std::string_view text) {
  return parse<PatternAction>(kActionNames, text);
}

PatternRules default_patterns() {
  using Act = PatternAction;
  return {{{Matcher::commands, 20, Millis(5'000), Act::pause},
           {Matcher::chats, 10, Millis(5'000), Act::pause},
           {Matcher::identical_commands, 15, Millis(10'000), Act::warn},
           {Matcher::errors, 30, Millis(10'000), Act::cancel},
           {Matcher::memory_growth, 10, Millis(30'000), Act::warn}}};
}

bool loosens(const PatternRule& rule, const PatternRule& base) {
  if (base.action == PatternAction::off) return false;
  return rule.action < base.action || rule.count > base.count || rule.window < base.window;
}

std::string pattern_reason(const PatternRule& rule) {
  return "Pattern: " + std::to_string(rule.count) + " " +
         std::string(kNouns[static_cast<std::size_t>(rule.matcher)]) + " in " +
         format_number(static_cast<double>(rule.window.count()) / 1000) + " s";
}

PatternCounter::PatternCounter(const PatternRule& rule) : rule_(rule), times_(rule.count) {}

bool PatternCounter::count(MonoTime now, std::string_view text) {
  if (rule_.action == PatternAction::off) return false;
  if (rule_.matcher == Matcher::identical_commands) {
    // Source: chosen; commands that differ only after 256 bytes count as the same.
    text = text.substr(0, 256);
    if (text != last_text_ && !GK_MACROS_MUTANT(pattern_ignores_text)) {
      filled_ = 0;
      last_text_ = text;
    }
  }
  times_[next_] = now;
  next_ = (next_ + 1) % times_.size();
  filled_ = std::min(filled_ + 1, times_.size() + 1);
  const std::size_t needed = times_.size() + (GK_MACROS_MUTANT(pattern_one_too_many) ? 1 : 0);
  if (filled_ < needed) return false;
  // `next_` is the oldest of the last `count` now.
  if (now - times_[next_] > rule_.window && !GK_MACROS_MUTANT(pattern_no_window)) return false;
  if (!GK_MACROS_MUTANT(pattern_never_resets)) filled_ = 0;
  return true;
}

bool GrowthSteps::update(double bytes, MonoTime at) {
  constexpr double kStep = 1024 * 1024;  // Source: chosen; see the header.
  if (!level_ || bytes < *level_ / 2) {
    level_ = bytes;
    last_ = at;
    return false;
  }
  if (bytes < *level_ + kStep || at - last_ < Seconds(1)) return false;
  level_ = bytes;
  last_ = at;
  return true;
}

}  // namespace gk::macros
