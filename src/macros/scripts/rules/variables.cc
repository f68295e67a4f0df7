#include "macros/scripts/rules/variables.h"

#include "macros/scripts/rules/text_pattern.h"

namespace gk::macros {
namespace {

constexpr std::string_view kObeyed = "\";\\`$[]{}%|@";  // Source: consoles of docs/games.md
constexpr std::size_t kMaxOutside = 200;  // Source: chosen; longer than any player's name

constexpr std::string_view kTextMark = "{text}";  // Source: games/port.h, say_words()

bool is_obeyed(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f || kObeyed.find(c) != std::string_view::npos;
}

}  // namespace

std::string tame(std::string_view text) {
  std::string out(text.substr(0, kMaxOutside));
  // Not in the middle of a character: drop the bytes that continue one which was cut.
  if (text.size() > kMaxOutside && (static_cast<unsigned char>(text[kMaxOutside]) & 0xC0) == 0x80) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
    if (!out.empty()) out.pop_back();
  }
  for (char& c : out) {
    if (is_obeyed(c)) c = '_';
  }
  return out;
}

std::string spoken(std::string_view words, std::string_view text) {
  std::string safe(text);
  for (char& c : safe) {
    if (is_obeyed(c)) c = c == '"' ? '\'' : ' ';
  }
  std::string line(words);
  const std::size_t at = line.find(kTextMark);
  if (at != std::string::npos) line.replace(at, kTextMark.size(), safe);
  return line;
}

Result<Template> Template::parse(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Error{Errc::invalid_argument, "longer than " + std::to_string(kMaxBytes) + " bytes"};
  }
  Template out;
  const auto literal = [&out](std::string_view piece) {
    if (out.parts_.empty() || out.parts_.back().variable) out.parts_.push_back({});
    out.parts_.back().text += piece;
  };
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("$${")) {
      literal("${");
      i += 3;
      continue;
    }
    if (!rest.starts_with("${")) {
      literal(rest.substr(0, 1));
      ++i;
      continue;
    }
    const std::size_t end = rest.find('}');
    const std::string where = "character " + std::to_string(i + 1) + ": ";
    if (end == std::string_view::npos) {
      return Error{Errc::invalid_argument, where + "expected } after ${"};
    }
    const std::string_view name = rest.substr(2, end - 2);
    if (!valid_variable(name)) {
      return Error{Errc::invalid_argument, where + "expected a name such as ${player}"};
    }
    out.parts_.push_back({std::string(name), true});
    i += end + 1;
  }
  return out;
}

Result<std::string> Template::expand(const Variables& variables) const {
  std::string out;
  for (const Part& part : parts_) {
    if (!part.variable) {
      out += part.text;
      continue;
    }
    const auto found = variables.find(part.text);
    if (found == variables.end()) {
      return Error{Errc::invalid_argument, "no variable " + part.text};
    }
    out += found->second.outside ? tame(found->second.text) : found->second.text;
  }
  if (out.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
    return Error{Errc::invalid_argument, "the text holds a line end or NUL"};
  }
  if (out.size() > kMaxBytes) {
    return Error{Errc::invalid_argument,
                 "the text is longer than " + std::to_string(kMaxBytes) + " bytes"};
  }
  return out;
}

std::vector<std::string> Template::names() const {
  std::vector<std::string> out;
  for (const Part& part : parts_) {
    if (part.variable) out.push_back(part.text);
  }
  return out;
}

std::string_view Template::head() const {
  return parts_.empty() || parts_[0].variable ? std::string_view() : parts_[0].text;
}

}  // namespace gk::macros
