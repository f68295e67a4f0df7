// server_fixture_test.h: a server on port 0 and raw clients, in one thread: a test sends bytes,
// runs the loop until something is true, and reads bytes. For the tests of this folder only.

#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "net/client_frames.h"
#include "net/server.h"
#include "testing/capture_log.h"

namespace gk::net {

inline constexpr Nanos kPatience = Seconds(20);  // Only a broken test waits for it.

/// A client that sends any bytes. Thread: compatible.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  explicit RawClient(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    open(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  ~RawClient() { end(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// Sends all; the bytes must fit in the socket buffers.
  void send(std::string_view bytes) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    EXPECT_EQ(n, static_cast<ssize_t>(bytes.size()));
  }
  /// Sends what the kernel takes; returns how much that was.
  std::size_t try_send(std::string_view bytes) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  /// Reads what is there; appends it to `got`.
  const std::string& read() {
    char chunk[65536];
    for (;;) {
      const ssize_t n = ::recv(fd_, chunk, sizeof chunk, MSG_DONTWAIT);
      if (n > 0) {
        got.append(chunk, static_cast<std::size_t>(n));
        continue;
      }
      ended = ended || n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
      reset = reset || (n < 0 && errno == ECONNRESET);
      return got;
    }
  }
  void shut() { ::shutdown(fd_, SHUT_WR); }
  void end() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int fd() const { return fd_; }

  std::string got;
  bool ended = false;  // The server ended the connection.
  bool reset = false;

 private:
  void open(const sockaddr* address, socklen_t size) {
    EXPECT_EQ(::connect(fd_, address, size), 0) << std::strerror(errno);
  }
  int fd_;
};

/// A Loop and a Server with recorded requests. Answers 200 with the path unless `on_request` is
/// replaced before start().
class ServerTest : public testing::Test {
 protected:
  void start() {
    handlers.on_protocol_error = [](const ProtocolFault& fault) {
      Response response;
      response.content_type = "application/problem+json";
      response.body = std::to_string(fault.status) + ": " + std::string(fault.detail);
      return response;
    };
    if (!handlers.on_request) {
      handlers.on_request = [this](const Request& request, const Respond& respond) {
        seen.push_back(request);
        Response response;
        response.content_type = "text/plain";
        response.body = request.path;
        respond(std::move(response));
      };
    }
    server = std::make_unique<Server>(loop, options, handlers, log, metrics);
    const auto bound = server->listen_tcp("127.0.0.1:0");
    ASSERT_TRUE(bound.ok()) << bound.error().message;
    address = *bound;
    port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  bool until(const std::function<bool()>& done) { return loop.run_until(done, kPatience); }
  /// Sends `bytes` on a new connection and returns all that came until the server ended it.
  std::string exchange_to_end(std::string_view bytes) {
    RawClient client(port);
    client.send(bytes);
    client.shut();
    EXPECT_TRUE(until([&] {
      client.read();
      return client.ended;
    }));
    return client.got;
  }
  /// Runs until `client` has received `text`.
  bool receives(RawClient& client, std::string_view text) {
    return until([&] { return client.read().find(text) != std::string::npos || client.ended; }) &&
           client.got.find(text) != std::string::npos;
  }
  bool ends(RawClient& client) {
    return until([&] {
      client.read();
      return client.ended;
    });
  }
  double metric(std::string_view name) const {
    for (const MetricSample& sample : metrics.samples()) {
      if (sample.name == name) return sample.value;
    }
    return -1;
  }

  // The server goes before the loop, the loop before the registry.
  CaptureLog log;
  Metrics metrics;
  Loop loop;
  ServerOptions options;
  ServerHandlers handlers;
  std::unique_ptr<Server> server;
  std::string address;
  std::uint16_t port = 0;
  std::vector<Request> seen;
};

}  // namespace gk::net
