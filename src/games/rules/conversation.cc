#include "games/rules/conversation.h"

#include "base/utf8.h"

namespace gk::games {

std::string clean_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t n = utf8_sequence_length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    // C1 controls are C2 80 to C2 9F.
    const bool c1 = n == 2 && byte == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (n == 0) {
      out += "\xEF\xBF\xBD";
    } else if (byte == '\t') {
      out += ' ';
    } else if (byte >= 0x20 && byte != 0x7F && !c1) {
      out += text.substr(0, n);
    }
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return out;
}

}  // namespace gk::games
