// udp_client.h: datagrams to and from one other address, on the loop.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "net/loop.h"

namespace gk::net {

/// Called on the loop, never from within a call of the owner. Each may destroy the client.
struct UdpClientHandlers {
  std::function<void()> on_open;  ///< The name is resolved: datagrams may be sent.
  std::function<void(std::string_view)> on_datagram;
  /// Once: no such host, or nobody listens there (ICMP). Code: unavailable.
  std::function<void(const Error&)> on_closed;
};

/// Only datagrams of that address are handed over (the socket is connected).
/// Thread: loop.
class UdpClient {
 public:
  /// Requires: `loop` outlives it.
  UdpClient(Loop& loop, const std::string& host, std::uint16_t port, UdpClientHandlers handlers);
  ~UdpClient();  ///< Closes at once, without on_closed.
  UdpClient(const UdpClient&) = delete;
  UdpClient& operator=(const UdpClient&) = delete;

  /// Errors: failed_precondition (not open), unavailable (the system refused it).
  Result<void> send(std::string_view datagram);

 private:
  struct Core;
  std::shared_ptr<Core> core_;  // Shared with pending Asio operations.
};

}  // namespace gk::net
