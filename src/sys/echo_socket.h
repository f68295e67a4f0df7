// echo_socket.h: ICMP echo without privilege: Linux's ping sockets, where the system allows them
// (net.ipv4.ping_group_range). The kernel fills in identifier and checksum and gives a socket its
// own answers only.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gamekeeper/result.h"
#include "sys/files.h"

namespace gk::sys {

/// One remote address that is asked for echoes. Non-blocking, close-on-exec.
/// Thread: compatible.
class EchoSocket {
 public:
  /// `address`: IPv4 or IPv6 in digits.
  /// Errors: invalid_argument (not an address), permission_denied (the system keeps ping sockets
  ///         from this user), unavailable (no such network, or no sockets left).
  static Result<EchoSocket> open(const std::string& address);

  int fd() const { return fd_.get(); }
  /// Asks once. `sequence` comes back with the answer.
  /// Errors: unavailable (no route, or the kernel has no room).
  Result<void> ask(std::uint16_t sequence);
  /// The sequence of an answer that is waiting; nothing when none is.
  std::optional<std::uint16_t> answer();

 private:
  EchoSocket(Fd fd, bool v6) : fd_(std::move(fd)), v6_(v6) {}
  Fd fd_;
  bool v6_;
};

}  // namespace gk::sys
