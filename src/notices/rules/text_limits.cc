#include "notices/rules/text_limits.h"

#include "base/utf8.h"

namespace gk::notices {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // Source: Unicode, U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // Source: Unicode, U+2026

struct Character {
  std::string_view bytes;  // As it is written.
  std::size_t taken = 1;   // Of the input.
  std::size_t units = 1;
};

Character first_of(std::string_view text) {
  const std::size_t n = utf8_sequence_length(text);
  if (n == 0) return {kReplacement, 1, 1};
  return {text.substr(0, n), n, n == 4 ? std::size_t{2} : std::size_t{1}};
}

}  // namespace

std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  while (!text.empty()) {
    const Character c = first_of(text);
    units += c.units;
    text.remove_prefix(c.taken);
  }
  return units;
}

std::string cut_text(std::string_view text, std::size_t max_units) {
  std::string out;
  std::size_t units = 0;
  std::size_t fits_with_ellipsis = 0;  // Bytes of `out` that leave room for it.
  while (!text.empty()) {
    const Character c = first_of(text);
    if (units + c.units > max_units) {
      out.resize(fits_with_ellipsis);
      return out.append(kEllipsis);
    }
    units += c.units;
    out.append(c.bytes);
    if (units < max_units) fits_with_ellipsis = out.size();
    text.remove_prefix(c.taken);
  }
  return out;
}

}  // namespace gk::notices
