// server.h: HTTP/1.1 and WebSocket server on TCP and on a Unix socket.
//
// Strict where Beast is lenient: the raw head is checked before it is parsed (head_check.h).
// What is not here: routes, credentials, Host and Origin rules (src/api, src/accounts).

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "gamekeeper/result.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/web_socket.h"

namespace gk::net {

/// Source of all numbers: platform specification, HTTP rules.
struct ServerLimits {
  std::size_t max_head_bytes = 8 * 1024;  ///< All field lines; the request line counts as URL.
  std::size_t max_head_fields = 64;
  Millis head_timeout{5'000};   ///< From the first byte of a head to its last.
  Millis idle_timeout{75'000};  ///< Keep-alive without a request.
  std::size_t max_url_bytes = 8 * 1024;
  std::size_t max_body_bytes = 1U << 20;
  std::size_t max_import_bytes = 16U << 20;  ///< Where `on_large_body` allows an import.
  /// Such bodies at once: each is held in memory until its answer. Newest is refused with 503.
  std::size_t max_imports = 4;         ///< Source: chosen; 64 MiB.
  std::size_t min_body_rate = 1024;    ///< Bytes a second, averaged, after `body_grace`; else 408.
  Millis body_grace{5'000};            ///< Source: chosen, as long as a head may take.
  Millis write_stall{30'000};          ///< An answer nobody reads. Source: chosen.
  Millis linger{2'000};                ///< Wait for the peer's end of a close. Source: chosen.
  std::size_t max_connections = 1024;  ///< Newest is refused with 503.
  std::size_t max_per_address = 64;    ///< TCP; newest is refused with 429.
};

struct ServerOptions {
  ServerLimits limits;
  WebSocketLimits web_socket;
  /// Addresses of proxies: the client of their requests is whom X-Forwarded-For names
  /// (forwarded.h), and max_per_address does not hold for them. Everybody else's is ignored.
  std::vector<std::string> proxies;
  /// Field lines of every answer, each ending in CRLF. Outlives the server.
  std::string_view common_headers;
};

/// Decides about one WebSocket upgrade: either accept (then `on_open` runs with the socket), or
/// refuse with a plain response.
struct UpgradeDecision {
  bool accept = false;
  Response refusal;
  std::string subprotocol;
  std::function<void(std::shared_ptr<WebSocket>)> on_open;  // shared: connection and room own it
};

/// What the server calls for each request, on the loop thread.
struct ServerHandlers {
  std::function<void(Request, Respond)> on_request;
  /// Asked with the head of a request whose body is longer than max_body_bytes or has no length
  /// yet, before the body is read. Absent: no imports.
  std::function<LargeBody(const Request& head)> on_large_body;
  std::function<void(Request, std::function<void(UpgradeDecision)>)> on_upgrade;
  /// Makes the problem+json body.
  std::function<Response(const ProtocolFault&)> on_protocol_error;
};

struct ServerCore;

/// Thread: loop.
class Server {
 public:
  /// Requires: loop, log and metrics outlive the server.
  Server(Loop& loop, ServerOptions options, ServerHandlers handlers, Log& log, Metrics& metrics);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens on "ADDR:PORT" ("[::1]:5000" for IPv6; port 0 = any). Returns the bound "ADDR:PORT".
  /// Errors: invalid_argument (not an address), already_exists (port in use, says by what to
  ///         change it), permission_denied, unavailable.
  Result<std::string> listen_tcp(const std::string& address_and_port);
  /// Listens on a Unix socket with `mode`; replaces a stale socket file, refuses a live one.
  Result<void> listen_unix(const std::string& path, unsigned mode);

  /// Takes over a connected stream `fd` of somebody who speaks for `peer`: TLS is done there. Who
  /// made the socket is not asked: limits, rules and logs are those of `peer`.
  void adopt(int fd, Peer peer);

  /// Stops accepting, lets running requests end for at most `grace`, closes the rest, then calls
  /// `done` once.
  void shutdown(Millis grace, std::function<void()> done);

  std::size_t connections() const;

 private:
  std::shared_ptr<ServerCore> core_;  // Shared with pending Asio operations.
};

}  // namespace gk::net
