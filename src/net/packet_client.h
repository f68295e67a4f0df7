// packet_client.h: a small blocking client of a packet socket, for the CLI, tests and benchmarks.

#pragma once

#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::net {

/// Thread: compatible. Blocks in poll() at most until the timeout that is passed in.
class PacketClient {
 public:
  /// Errors: unavailable (nobody listens), permission_denied, invalid_argument (path too long).
  static Result<PacketClient> connect(const std::string& path);
  PacketClient(PacketClient&& other) noexcept;
  PacketClient& operator=(PacketClient&& other) noexcept;
  ~PacketClient();

  /// Errors: unavailable (connection lost).
  Result<void> send(std::string_view packet);
  /// The next packet, of at most 4 KiB. Errors: deadline_exceeded, unavailable (connection lost).
  Result<std::string> receive(Millis timeout);
  int fd() const { return fd_; }

 private:
  explicit PacketClient(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace gk::net
