// listen.h: opens listening sockets and says in words why one cannot be opened.

#pragma once

#include <cstdint>
#include <string>

#include "gamekeeper/result.h"
#include "net/http.h"

namespace gk::net {

/// A listening, non-blocking, close-on-exec socket. The caller owns `fd`.
struct Listening {
  int fd = -1;
  std::string address;  ///< "ADDR:PORT" as bound; the path of a Unix socket.
};

/// Source: chosen; the kernel caps it at net.core.somaxconn (4096 on Debian 12).
inline constexpr int kListenBacklog = 512;

/// Whether it is ADDR:PORT with a numeric address; looks at no machine. Errors: invalid_argument.
Result<void> check_tcp_address(const std::string& address_and_port);

/// Errors: invalid_argument (not ADDR:PORT, or not an address of this machine), already_exists
///         (port in use), permission_denied (port below 1024), unavailable.
Result<Listening> open_tcp_listener(const std::string& address_and_port);

/// Replaces a socket file that nobody listens on. The mode is set before anyone can connect.
/// Errors: invalid_argument (path too long), already_exists (a live socket, or another kind of
///         file), permission_denied, unavailable.
Result<Listening> open_unix_listener(const std::string& path, unsigned mode);
/// The same for packets (SOCK_SEQPACKET); each packet carries its sender's credentials.
Result<Listening> open_packet_listener(const std::string& path, unsigned mode);

/// Who is at the other end of a connected socket.
Peer peer_of(int fd);

}  // namespace gk::net
