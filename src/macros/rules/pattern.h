// pattern.h: rules on what a macro does: too much of one thing in too short a time.
//
// A profile has one rule a matcher. What counts as an event is the caller's: a command, a chat
// line, an error, a step of memory growth. What to do about it is macro_watch.h's.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/time.h"

namespace gk::macros {

/// What is counted.
enum class Matcher : std::uint8_t { commands, chats, identical_commands, errors, memory_growth };
inline constexpr std::size_t kMatchers = 5;  // Source: the enumerators above.

/// What follows, mildest first.
enum class PatternAction : std::uint8_t { off, warn, throttle, pause, cancel };

/// "commands", "chats", "identical_commands", "errors", "memory_growth".
std::string_view matcher_name(Matcher matcher);
std::optional<Matcher> parse_matcher(std::string_view text);
/// "off", "warn", "throttle", "pause", "cancel".
std::string_view action_name(PatternAction action);
std::optional<PatternAction> parse_action(std::string_view text);

/// `count` events within `window` bring `action`.
struct PatternRule {
  Matcher matcher = Matcher::commands;
  std::uint32_t count = 20;  ///< [2, 1,000]
  Millis window{5'000};      ///< [1 s, 300 s]
  PatternAction action = PatternAction::pause;

  friend bool operator==(const PatternRule&, const PatternRule&) = default;
};

/// One a matcher, at its index.
using PatternRules = std::array<PatternRule, kMatchers>;

/// Commands 20 in 5 s pause; chats 10 in 5 s pause; errors 30 in 10 s cancel; memory growth 10
/// steps in 30 s warn. Source: macros specification. Identical commands 15 in 10 s warn. Source:
/// chosen.
PatternRules default_patterns();

/// True when `rule` lets more happen than `base` in any respect.
bool loosens(const PatternRule& rule, const PatternRule& base);

/// "Pattern: 20 commands in 5 s".
std::string pattern_reason(const PatternRule& rule);

/// Counts events against one rule.
/// Thread: compatible.  Cost: O(1); allocates at the construction and for longer texts only.
class PatternCounter {
 public:
  explicit PatternCounter(const PatternRule& rule);

  /// An event at `now`. True: the pattern is complete, and counting begins anew. `text` matters to
  /// identical_commands alone. Requires: `now` never decreases.
  bool count(MonoTime now, std::string_view text = {});
  const PatternRule& rule() const { return rule_; }

 private:
  PatternRule rule_;
  std::vector<MonoTime> times_;  // The last `count`, a ring.
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
  std::string last_text_;
};

/// Turns samples of memory into steps of growth: at least 1 MiB above the last step and a second
/// after it. A fall to half begins anew. Source: chosen; a leak, not the noise of an allocator.
/// Thread: compatible.
class GrowthSteps {
 public:
  /// True: one more step.
  bool update(double bytes, MonoTime at);

 private:
  std::optional<double> level_;
  MonoTime last_{};
};

}  // namespace gk::macros
