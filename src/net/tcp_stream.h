// tcp_stream.h: one outgoing TCP connection of the loop: bytes in and out, by callback.
//
// For links to other servers. Not here: what the bytes mean, when to connect again.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "net/loop.h"

namespace gk::net {

/// Source: chosen.
struct TcpStreamLimits {
  Nanos connect_timeout{Seconds(5)};     ///< For the name and all of its addresses together.
  std::size_t max_unsent = 256U * 1024;  ///< Bytes that wait to be written; the newest is refused.
};

/// What a stream tells its owner, on the loop and never from within a call of the owner. Each may
/// destroy the stream.
struct TcpStreamHandlers {
  std::function<void()> on_open;
  std::function<void(std::string_view)> on_bytes;  ///< At most 64 KiB at a time.
  /// Once: it could not be opened, or it ended. Codes: unavailable, deadline_exceeded.
  std::function<void(const Error&)> on_closed;
};

/// Thread: loop.
class TcpStream {
 public:
  /// Begins to connect. Requires: `loop` outlives it.
  TcpStream(Loop& loop, const std::string& host, std::uint16_t port, TcpStreamHandlers handlers,
            const TcpStreamLimits& limits = {});
  ~TcpStream();  ///< Closes at once, without on_closed.
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  /// Errors: failed_precondition (not open), resource_exhausted (max_unsent). Nothing is written
  /// then.
  Result<void> write(std::string_view bytes);

 private:
  struct Core;
  std::shared_ptr<Core> core_;  // Shared with pending Asio operations.
};

}  // namespace gk::net
