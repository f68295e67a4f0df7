// datagram.h: datagram sockets that are read and written in batches: UDP, and Unix sockets whose
// sender the kernel vouches for.
//
// One system call moves many datagrams (recvmmsg), which is what makes a million records a second
// cheap. What a datagram means, and whether its sender may speak, is the caller's business.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gamekeeper/result.h"
#include "sys/files.h"

namespace gk::sys {

/// Where a datagram came from, and where an answer goes.
struct DatagramPeer {
  alignas(8) std::array<std::uint8_t, 128> address{};  ///< A sockaddr.
  std::uint32_t address_size = 0;                      ///< 0: nobody can answer.
  std::optional<unsigned> uid;  ///< Unix sockets: from SCM_CREDENTIALS, checked by the kernel.
  std::optional<int> pid;

  /// "203.0.113.7" or "2001:db8::1" without the port (an IPv4 address in IPv6 clothes is shown as
  /// IPv4); the path of a Unix socket; "pid:N" of a Unix sender without a path.
  std::string text() const;
  /// False for a Unix sender that has bound no path.
  bool can_be_answered() const;
};

struct Datagram {
  std::span<const std::uint8_t> bytes;
  bool truncated = false;  ///< Longer than the buffer: the rest is lost.
  DatagramPeer peer;
};

/// A bound, non-blocking, close-on-exec datagram socket.
/// Thread: compatible.
class DatagramSocket {
 public:
  static constexpr std::size_t kBatch = 32;              // Source: chosen; 2 MiB of buffers.
  static constexpr std::size_t kMaxBytes = 64UL * 1024;  // Source: a UDP datagram is shorter.

  /// "ADDR:PORT" or "[ADDR]:PORT"; port 0 = any.
  /// Errors: invalid_argument (not an address), already_exists (port in use), permission_denied,
  ///         unavailable.
  static Result<DatagramSocket> open_udp(const std::string& address_and_port);
  /// Replaces a socket file that nobody reads. Each datagram carries its sender's uid.
  /// Errors: invalid_argument (path too long), already_exists (somebody reads it, or another kind
  ///         of file), permission_denied, unavailable.
  static Result<DatagramSocket> open_unix(const std::string& path, unsigned mode);

  int fd() const { return fd_.get(); }
  /// "ADDR:PORT" as bound, or the path.
  const std::string& address() const { return address_; }

  /// What is waiting, at most kBatch datagrams; empty when nothing is. Valid until the next call.
  std::span<const Datagram> receive();
  /// False when the kernel has no room, or the peer is gone: the datagram is lost.
  bool send(const DatagramPeer& to, std::span<const std::uint8_t> bytes);

 private:
  DatagramSocket(Fd fd, std::string address);
  struct Buffers;
  struct Release {
    void operator()(Buffers* buffers) const;
  };
  Fd fd_;
  std::string address_;
  std::unique_ptr<Buffers, Release> buffers_;
};

}  // namespace gk::sys
