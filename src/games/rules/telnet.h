// telnet.h: telnet without any option: takes the negotiation out of the bytes, and says no.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gk::games {

/// Source: RFC 854, RFC 855. Every WILL is answered DONT and every DO WONT, so that no option is
/// ever on; subnegotiation is skipped.
/// Thread: compatible.
class TelnetFilter {
 public:
  /// Appends the text of `bytes` to `text` and what must be answered to `answer`. State is kept
  /// between calls: a command may be cut anywhere.
  void feed(std::string_view bytes, std::string& text, std::string& answer);

  /// `line` as it must be sent: IAC doubled.
  static std::string escaped(std::string_view line);

 private:
  enum class State : std::uint8_t { text, command, option, sub, sub_command };
  void on_option(unsigned char option, std::string& answer);

  State state_ = State::text;
  unsigned char verb_ = 0;
  std::uint32_t answers_ = 0;  // Bounded: a server that negotiates for ever is not answered.
};

}  // namespace gk::games
