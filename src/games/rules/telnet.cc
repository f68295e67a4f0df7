#include "games/rules/telnet.h"

namespace gk::games {
namespace {

constexpr unsigned char kSe = 240, kSb = 250, kWill = 251, kWont = 252, kDo = 253, kDont = 254,
                        kIac = 255;
constexpr std::uint32_t kMaxAnswers = 256;  // Source: chosen; there are 256 options.

}  // namespace

void TelnetFilter::feed(std::string_view bytes, std::string& text, std::string& answer) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    switch (state_) {
      case State::text:
        if (byte == kIac) {
          state_ = State::command;
        } else if (c != '\0') {
          text += c;
        }
        break;
      case State::command:
        state_ = State::text;
        if (byte == kIac) text += c;
        if (byte == kSb) state_ = State::sub;
        if (byte >= kWill && byte != kIac) {
          verb_ = byte;
          state_ = State::option;
        }
        break;
      case State::option:
        state_ = State::text;
        on_option(byte, answer);
        break;
      case State::sub:
        if (byte == kIac) state_ = State::sub_command;
        break;
      case State::sub_command: state_ = byte == kSe ? State::text : State::sub; break;
    }
  }
}

void TelnetFilter::on_option(unsigned char option, std::string& answer) {
  if (verb_ != kWill && verb_ != kDo) return;  // WONT and DONT: it is off anyway.
  if (++answers_ > kMaxAnswers) return;
  answer += static_cast<char>(kIac);
  answer += static_cast<char>(verb_ == kWill ? kDont : kWont);
  answer += static_cast<char>(option);
}

std::string TelnetFilter::escaped(std::string_view line) {
  std::string out;
  for (const char c : line) {
    out += c;
    if (static_cast<unsigned char>(c) == kIac) out += c;
  }
  return out;
}

}  // namespace gk::games
