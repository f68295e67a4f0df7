// ws_handshake.h: the proof of a WebSocket handshake.

#pragma once

#include <string>
#include <string_view>

namespace gk::net {

/// The Sec-WebSocket-Accept that answers `key`. Source: RFC 6455 s4.2.2.
std::string web_socket_accept(std::string_view key);

/// `bytes` in base64, for Sec-WebSocket-Key. Source: RFC 4648 s4.
std::string base64(std::string_view bytes);

}  // namespace gk::net
