#include "macros/scripts/rules/text_pattern.h"

#include <algorithm>

#include "base/try.h"

namespace gk::macros {
namespace {

Error bad(std::size_t at, const std::string& what) {
  return {Errc::invalid_argument, "pattern, character " + std::to_string(at + 1) + ": " + what};
}

}  // namespace

bool valid_variable(std::string_view name) {
  constexpr std::size_t kMaxName = 32;  // Source: chosen
  if (name.empty() || name.size() > kMaxName || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<TextPattern> TextPattern::parse(std::string_view text) {
  if (text.empty()) return Error{Errc::invalid_argument, "pattern: empty"};
  if (text.size() > kMaxBytes) {
    return Error{Errc::invalid_argument,
                 "pattern: longer than " + std::to_string(kMaxBytes) + " bytes"};
  }
  TextPattern out;
  const auto literal = [&]() -> std::string& {
    return out.wilds_.empty() ? out.first_ : out.wilds_.back().following;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '*' && c != '{') {
      if (c == '\\' && ++i == text.size()) return bad(i - 1, "nothing follows \\");
      literal() += text[i];
      continue;
    }
    if (!out.wilds_.empty() && literal().empty()) {
      return bad(i, "expected some text between two wilds");
    }
    if (out.wilds_.size() == kMaxWilds) return bad(i, "too many wilds");
    std::string name;
    if (c == '{') {
      const std::size_t end = text.find('}', i);
      if (end == std::string_view::npos) return bad(i, "expected } after {");
      name = text.substr(i + 1, end - i - 1);
      if (!valid_variable(name)) return bad(i, "expected a name such as {player}");
      i = end;
    }
    out.wilds_.push_back({std::move(name), {}});
  }
  return out;
}

std::optional<Captures> TextPattern::match(std::string_view line) const {
  if (!line.starts_with(first_)) return std::nullopt;
  if (wilds_.empty()) return line == first_ ? std::optional(Captures{}) : std::nullopt;
  Captures out;
  std::size_t at = first_.size();
  for (std::size_t i = 0; i < wilds_.size(); ++i) {
    const Wild& wild = wilds_[i];
    const std::size_t least = at + (wild.name.empty() ? 0 : 1);
    std::size_t end = std::string_view::npos;
    if (i + 1 < wilds_.size()) {
      end = line.find(wild.following, least);
    } else if (line.size() >= least + wild.following.size() && line.ends_with(wild.following)) {
      end = line.size() - wild.following.size();
    }
    if (end == std::string_view::npos) return std::nullopt;
    if (!wild.name.empty()) out.emplace_back(wild.name, line.substr(at, end - at));
    at = end + wild.following.size();
  }
  return out;
}

std::vector<std::string> TextPattern::names() const {
  std::vector<std::string> out;
  for (const Wild& wild : wilds_) {
    if (!wild.name.empty()) out.push_back(wild.name);
  }
  return out;
}

}  // namespace gk::macros
