#include "macros/scripts/rules/lua_words.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace gk::macros {
namespace {

bool is_word_byte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Takes one token after another. Source: Lua 5.4 manual s3.1.
/// Thread: compatible.
class LuaTokens {
 public:
  explicit LuaTokens(std::string_view source) : rest_(source) {}

  /// A name, a number or one other character; "" at the end. A text is `""`, whatever is in it.
  std::string_view next() {
    skip_blanks();
    if (rest_.empty()) return {};
    if (rest_[0] == '[' && skip_long()) return kText;
    if (rest_[0] == '"' || rest_[0] == '\'') return skip_text();
    std::size_t size = 1;
    if (is_word_byte(rest_[0])) {
      while (size < rest_.size() && is_word_byte(rest_[size])) ++size;
    } else if (rest_.starts_with("==") || rest_.starts_with("..")) {
      size = 2;
    }
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }

 private:
  static constexpr std::string_view kText = "\"\"";  // Source: next()

  void skip_blanks() {
    for (;;) {
      while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])) != 0) {
        rest_.remove_prefix(1);
      }
      if (!rest_.starts_with("--")) return;
      rest_.remove_prefix(2);
      if (rest_.starts_with('[') && skip_long()) continue;
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    }
  }
  /// `[[…]]` or `[==[…]==]`. False: it is a plain bracket.
  bool skip_long() {
    std::size_t level = 1;
    while (level < rest_.size() && rest_[level] == '=') ++level;
    if (level >= rest_.size() || rest_[level] != '[') return false;
    const std::string close = "]" + std::string(level - 1, '=') + "]";
    const std::size_t end = rest_.find(close, level + 1);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + close.size());
    return true;
  }
  std::string_view skip_text() {
    const char quote = rest_[0];
    std::size_t at = 1;
    while (at < rest_.size() && rest_[at] != quote) at += rest_[at] == '\\' ? 2 : 1;
    rest_.remove_prefix(std::min(at + 1, rest_.size()));
    return kText;
  }
  std::string_view rest_;
};

}  // namespace

bool lua_uses_game(std::string_view source) {
  LuaTokens tokens(source);
  std::string_view before, token = tokens.next();
  while (!token.empty()) {
    std::string_view after = tokens.next();
    const bool is_field = before == "." || before == ":" || after == "=";
    if (token == "game" && !is_field) {
      if (after != ".") return true;
      const std::string_view member = tokens.next();
      if (member != "metrics") return true;
      before = after;
      token = member;
      after = tokens.next();
    }
    before = token;
    token = after;
  }
  return false;
}

}  // namespace gk::macros
