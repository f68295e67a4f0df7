// packet_socket.h: a socket between two of our processes: packets, each with at most one descriptor
// beside it (SCM_RIGHTS).

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sys/files.h"

namespace gk::sys {

/// Thread: compatible.
class PacketSocket {
 public:
  static constexpr std::size_t kMaxPacket = 4 * 1024;  // Source: chosen; words and a path
  struct Packet {
    std::string text;
    Fd fd;
    bool fd_lost = false;  ///< One came along, but this process may have no more of them.
  };
  enum class Sent : std::uint8_t {
    yes,
    full,  ///< Later: the other side has not read yet.
    lost,
  };

  PacketSocket() = default;
  /// `socket`: SOCK_SEQPACKET, non-blocking.
  explicit PacketSocket(Fd socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.get(); }
  explicit operator bool() const { return static_cast<bool>(socket_); }
  /// `fd` -1: none. It stays the caller's.
  Sent send(std::string_view text, int fd = -1) const;
  /// The next packet; nullopt when there is none, and for ever once closed(). Descriptors over one
  /// are closed, what is over kMaxPacket is cut off.
  std::optional<Packet> receive();
  bool closed() const { return closed_; }

 private:
  Fd socket_;
  bool closed_ = false;
};

}  // namespace gk::sys
