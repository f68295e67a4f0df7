#include "base/utf8.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace gk {
namespace {

bool in(unsigned char c, unsigned char low, unsigned char high) { return c >= low && c <= high; }

std::uint32_t decode(std::string_view s) {
  const auto at = [&](std::size_t i) { return std::uint32_t(static_cast<unsigned char>(s[i])); };
  if (s.size() == 1) return at(0);
  if (s.size() == 2) return (at(0) & 0x1f) << 6 | (at(1) & 0x3f);
  if (s.size() == 3) return (at(0) & 0x0f) << 12 | (at(1) & 0x3f) << 6 | (at(2) & 0x3f);
  return (at(0) & 0x07) << 18 | (at(1) & 0x3f) << 12 | (at(2) & 0x3f) << 6 | (at(3) & 0x3f);
}

/// C0, DEL, C1, and the bidi controls that reorder a line (Unicode TR 36).
bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c ||
         (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::size_t utf8_sequence_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const unsigned char a = at(0), b = at(1), c = at(2), d = at(3);
  if (a < 0x80) return 1;
  if (in(a, 0xc2, 0xdf)) return in(b, 0x80, 0xbf) ? 2 : 0;
  if (in(a, 0xe0, 0xef)) {
    const unsigned char low = a == 0xe0 ? 0xa0 : 0x80;
    const unsigned char high = a == 0xed ? 0x9f : 0xbf;
    return in(b, low, high) && in(c, 0x80, 0xbf) ? 3 : 0;
  }
  if (in(a, 0xf0, 0xf4)) {
    const unsigned char low = a == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = a == 0xf4 ? 0x8f : 0xbf;
    return in(b, low, high) && in(c, 0x80, 0xbf) && in(d, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t n = utf8_sequence_length(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

std::optional<std::uint32_t> display_control(std::string_view sequence) {
  const std::uint32_t code = decode(sequence);
  return is_control(code) ? std::optional(code) : std::nullopt;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::array<char, 16> escape{};
  while (!text.empty()) {
    const std::size_t n = utf8_sequence_length(text);
    const std::uint32_t code =
        n == 0 ? static_cast<unsigned char>(text[0]) : decode(text.substr(0, n));
    if (n == 0 || (n == 1 && is_control(code))) {
      std::snprintf(escape.data(), escape.size(), "\\x%02x", code);
      out += escape.data();
    } else if (is_control(code)) {
      std::snprintf(escape.data(), escape.size(), "\\u{%04x}", code);
      out += escape.data();
    } else {
      out.append(text.substr(0, n));
    }
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return out;
}

}  // namespace gk
