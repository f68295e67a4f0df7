// client.h: a small blocking HTTP and WebSocket client for the CLI, tests and benchmarks. The
// daemon itself never uses it: nothing blocks on the loop.

#pragma once

#include <memory>
#include <string>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "net/http.h"

namespace gk::net {

/// Where a client connects: a Unix socket path, or host and port.
struct Target {
  std::string unix_path;  ///< Used when not empty.
  std::string host = "127.0.0.1";
  std::uint16_t port = 5000;
};

struct ClientRequest {
  Method method = Method::get;
  std::string path_and_query = "/";
  Headers headers;
  std::string body;
};

/// A connection that is opened at the first call and again after the peer closed it.
/// Thread: compatible. Blocks at most `timeout` a call.
class Client {
 public:
  explicit Client(Target target, Millis timeout = Millis(10'000));
  ~Client();
  Client(Client&&) noexcept;

  /// Errors: unavailable (nobody listens, connection lost), permission_denied (socket file),
  ///         deadline_exceeded, data_loss (malformed answer).
  Result<Response> call(const ClientRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A blocking WebSocket.
/// Thread: compatible.
class ClientWebSocket {
 public:
  static Result<ClientWebSocket> connect(const Target& target, const std::string& path,
                                         const Headers& headers, const std::string& subprotocol,
                                         Millis timeout = Millis(10'000));
  ~ClientWebSocket();
  ClientWebSocket(ClientWebSocket&&) noexcept;

  Result<void> send(std::string_view text);
  /// The next text message.
  /// Errors: deadline_exceeded, cancelled (closed; the message holds code and reason), data_loss.
  Result<std::string> receive(Millis timeout);
  void close();

 private:
  struct Impl;
  explicit ClientWebSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::net
