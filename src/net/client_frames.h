// client_frames.h: WebSocket frames as a client sends and receives them. Written apart from the
// server's (Beast), so that the tests of one check the other.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace gk::net {

/// Source: RFC 6455 s5.2.
enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

/// One frame of the server, with its payload copied out.
struct ServerFrame {
  Opcode opcode = Opcode::text;
  bool final_part = true;
  std::string payload;
};

enum class FrameState : std::uint8_t { incomplete, complete, malformed };

/// Appends one frame, masked with `mask`.
void append_client_frame(std::string& out, Opcode opcode, bool final_part, std::string_view payload,
                         std::array<std::uint8_t, 4> mask);

/// Takes one server frame from the front of `bytes`. Malformed: masked, reserved bits, or over
/// `max_payload`.
FrameState take_server_frame(std::string& bytes, std::size_t max_payload, ServerFrame& frame);

/// The payload of a close frame.
std::string close_payload(std::uint16_t code, std::string_view reason);

}  // namespace gk::net
