// text_pattern.h: finds a line that a game said, and takes words out of it.
//
// Not a regular expression: those of the standard library recurse once a character and can take
// exponential time, and the text comes from players. This one is linear in pattern × line.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gamekeeper/result.h"

namespace gk::macros {

/// Names and texts that a pattern took out of a line.
using Captures = std::vector<std::pair<std::string, std::string>>;

/// A pattern for a whole line: `*` is any text, `{name}` is one or more characters that are kept
/// under that name (the shortest that fit), `\` takes the next character literally.
/// Thread: immutable.
class TextPattern {
 public:
  static constexpr std::size_t kMaxBytes = 256;  // Source: chosen
  static constexpr std::size_t kMaxWilds = 16;   // Source: chosen

  /// Errors: invalid_argument (empty, too long, a bad name, two wilds side by side: says where).
  static Result<TextPattern> parse(std::string_view text);

  /// What the names took; nothing when the line differs. Cost: O(pattern × line).
  std::optional<Captures> match(std::string_view line) const;
  std::vector<std::string> names() const;

 private:
  // A literal (name empty, text maybe empty) before each wild, and one after the last.
  struct Wild {
    std::string name;       // Empty: not kept.
    std::string following;  // The literal behind it.
  };
  std::string first_;
  std::vector<Wild> wilds_;
};

/// A name of a variable: [a-z_][a-z0-9_]{0,31}.
bool valid_variable(std::string_view name);

}  // namespace gk::macros
