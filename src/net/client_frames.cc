#include "net/client_frames.h"

namespace gk::net {
namespace {

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

void append_big_endian(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(number >> shift & 0xff);
}

}  // namespace

void append_client_frame(std::string& out, Opcode opcode, bool final_part, std::string_view payload,
                         std::array<std::uint8_t, 4> mask) {
  out += static_cast<char>((final_part ? 0x80 : 0) | static_cast<int>(opcode));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() < 65536) {
    out += static_cast<char>(0x80 | 126);
    append_big_endian(out, payload.size(), 2);
  } else {
    out += static_cast<char>(0x80 | 127);
    append_big_endian(out, payload.size(), 8);
  }
  for (const std::uint8_t byte : mask) out += static_cast<char>(byte);
  for (std::size_t i = 0; i < payload.size(); ++i)
    out += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % 4]);
}

FrameState take_server_frame(std::string& bytes, std::size_t max_payload, ServerFrame& frame) {
  if (bytes.size() < 2) return FrameState::incomplete;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  if ((first & 0x70) != 0 || (second & 0x80) != 0) return FrameState::malformed;
  std::size_t head = 2;
  std::uint64_t length = second;
  if (second >= 126) {
    const std::size_t more = second == 126 ? 2 : 8;
    if (bytes.size() < 2 + more) return FrameState::incomplete;
    length = big_endian(std::string_view(bytes).substr(2, more));
    head += more;
  }
  if (length > max_payload) return FrameState::malformed;
  if (bytes.size() < head + length) return FrameState::incomplete;
  frame.opcode = static_cast<Opcode>(first & 0x0f);
  frame.final_part = (first & 0x80) != 0;
  frame.payload = bytes.substr(head, length);
  bytes.erase(0, head + length);
  return FrameState::complete;
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  std::string out;
  append_big_endian(out, code, 2);
  return out.append(reason.substr(0, 123));
}

}  // namespace gk::net
