// client_socket.h: a blocking socket whose every wait ends at a deadline, for client.cc and
// client_web_socket.cc.

#pragma once

#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "net/client.h"

namespace gk::net {

/// A connected stream socket and the bytes read ahead.
/// Thread: compatible. Blocks in poll(), at most until the deadline that is passed in.
class ClientSocket {
 public:
  /// Errors: unavailable, permission_denied (socket file), invalid_argument (not an address),
  ///         deadline_exceeded.
  static Result<ClientSocket> connect(const Target& target, MonoTime deadline);
  ClientSocket(ClientSocket&& other) noexcept;
  ClientSocket& operator=(ClientSocket&& other) noexcept;
  ~ClientSocket();

  /// Errors: unavailable (connection lost), deadline_exceeded.
  Result<void> send(std::string_view bytes, MonoTime deadline);
  /// Appends at least one byte to buffer().
  /// Errors: unavailable (connection lost or ended by the peer), deadline_exceeded.
  Result<void> receive(MonoTime deadline);
  /// What was received and not consumed. The caller erases from the front.
  std::string& buffer() { return buffer_; }
  /// True when the peer ended the connection, or sent something, while nothing was asked.
  bool is_stale() const;

 private:
  explicit ClientSocket(int fd) : fd_(fd) {}
  Result<void> wait(short events, MonoTime deadline) const;

  int fd_ = -1;
  std::string buffer_;
};

/// CLOCK_MONOTONIC plus `timeout`.
MonoTime deadline_after(Millis timeout);

}  // namespace gk::net
