// variables.h: what a list of steps knows, and how it gets into a command.
//
// A text that came from outside (a reply, a line of a player, an argument) never brings a
// character that a console gives a meaning: it is replaced before it is put into a command. The
// link itself refuses line ends and its protocol's separators besides.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"

namespace gk::macros {

struct Variable {
  std::string text;
  bool outside = false;  ///< Not written by the author of the steps.
  friend bool operator==(const Variable&, const Variable&) = default;
};
using Variables = std::map<std::string, Variable, std::less<>>;

/// `text` with every character that a console could obey replaced by '_': control characters and
/// " ; \ ` $ [ ] { } % | @ — and at most 200 bytes of it.
std::string tame(std::string_view text);

/// The command that says `text` to the players of a game: `words`, such as `say "{text}"`, with the
/// text in place of {text}. Of the text, what a console could obey (as tame()) becomes a space, and
/// `"` becomes `'`: a text can have a player's name in it, and nobody marked where.
std::string spoken(std::string_view words, std::string_view text);

/// Text with `${name}` in it; `$${` stands for `${`.
/// Thread: immutable.
class Template {
 public:
  static constexpr std::size_t kMaxBytes = 2048;  // Source: chosen; links allow less

  /// Errors: invalid_argument (too long, `${` without `}`, a bad name: says where).
  static Result<Template> parse(std::string_view text);

  /// Values are put in once: what looks like `${…}` in a value stays as it is.
  /// Errors: invalid_argument (no such variable; a line end or NUL in the result; too long).
  Result<std::string> expand(const Variables& variables) const;
  std::vector<std::string> names() const;
  bool empty() const { return parts_.empty(); }
  /// The text before the first variable.
  std::string_view head() const;

 private:
  struct Part {
    std::string text;
    bool variable = false;
  };
  std::vector<Part> parts_;
};

}  // namespace gk::macros
