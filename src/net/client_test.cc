#include "net/client.h"

#include <thread>

#include "net/server_fixture_test.h"
#include "testing/temp_dir.h"

namespace gk::net {
namespace {

using std::chrono::milliseconds;

/// A server in a thread of its own, because the client blocks.
class ClientTest : public ServerTest {
 protected:
  void start_thread() {
    handlers.on_upgrade = [](Request request, const std::function<void(UpgradeDecision)>& decide) {
      UpgradeDecision decision;
      decision.accept = request.path == "/ws";
      decision.refusal.status = 401;
      decision.subprotocol = "p";
      decision.on_open = [](const std::shared_ptr<WebSocket>& socket) {
        WebSocket* const raw = socket.get();  // The callbacks are freed before the socket.
        socket->on_message = [raw](std::string_view text) {
          if (text == "close") return raw->close(4403, "scope lost");
          raw->send({std::make_shared<const std::string>(text), 0, 0, false});
        };
      };
      decide(std::move(decision));
    };
    start();
    ASSERT_TRUE(server->listen_unix(dir / "s", 0600).ok());
    thread = std::thread([this] { loop.run(); });
  }
  void stop_thread() {
    loop.stop();
    if (thread.joinable()) thread.join();
  }
  ~ClientTest() override {
    stop_thread();
    loop.run_for(Nanos(0));  // This thread owns the loop again.
  }
  Target target() const { return {.unix_path = "", .host = "127.0.0.1", .port = port}; }
  static ClientRequest request(std::string path, Method method = Method::get,
                               std::string body = "") {
    return {.method = method,
            .path_and_query = std::move(path),
            .headers = {},
            .body = std::move(body)};
  }

  TempDir dir;
  std::thread thread;
};

TEST_F(ClientTest, CallsAgainOnOneConnection) {
  start_thread();
  Client client(target());
  for (int i = 0; i < 3; ++i) {
    const auto got = client.call(request("/abc"));
    ASSERT_TRUE(got.ok()) << got.error().message;
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "/abc");
    EXPECT_EQ(got->content_type, "text/plain");
  }
  stop_thread();
  EXPECT_EQ(seen[0].peer.port, seen[2].peer.port);
}

TEST_F(ClientTest, SendsBodiesAndReadsHeads) {
  start_thread();
  Client client({.unix_path = dir / "s", .host = "", .port = 0});
  ASSERT_TRUE(client.call(request("/p", Method::post, std::string(500'000, 'b'))).ok());
  const auto head = client.call(request("/h", Method::head));
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->body, "");
  ASSERT_TRUE(client.call(request("/after")).ok());
  stop_thread();
  EXPECT_EQ(seen[0].body.size(), 500'000U);
  EXPECT_EQ(*seen[0].header("host"), "localhost");
}

TEST_F(ClientTest, GetsTheRefusalOfALargeBody) {
  start_thread();
  Client client(target());
  const auto got = client.call(request("/p", Method::post, std::string(3'000'000, 'b')));
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->status, 413);
  EXPECT_TRUE(client.call(request("/again")).ok());
}

TEST_F(ClientTest, ConnectsAgainAfterTheServerEndedTheConnection) {
  options.limits.idle_timeout = milliseconds(10);
  start_thread();
  Client client(target());
  ASSERT_TRUE(client.call(request("/a")).ok());
  // The server alone decides when; wait for its gauge, not for a time.
  while (metric("gamekeeper_http_connections") > 0) std::this_thread::yield();
  EXPECT_TRUE(client.call(request("/b")).ok());
}

TEST_F(ClientTest, GivesUpAfterItsTimeout) {
  std::vector<Respond> kept;
  handlers.on_request = [&](const Request&, const Respond& respond) { kept.push_back(respond); };
  start_thread();
  Client client(target(), milliseconds(20));
  const auto got = client.call(request("/never"));
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, Errc::deadline_exceeded);
  stop_thread();
  kept.clear();
}

TEST_F(ClientTest, SaysWhyItCannotConnect) {
  Client nobody({.unix_path = dir / "none", .host = "", .port = 0});
  EXPECT_EQ(nobody.call(request("/")).error().code, Errc::unavailable);
  Client name({.unix_path = "", .host = "example.invalid", .port = 1});
  EXPECT_EQ(name.call(request("/")).error().code, Errc::invalid_argument);
}

TEST_F(ClientTest, WebSocketCarriesText) {
  start_thread();
  auto ws = ClientWebSocket::connect(target(), "/ws", {}, "p");
  ASSERT_TRUE(ws.ok()) << ws.error().message;
  ASSERT_TRUE(ws->send("hello").ok());
  EXPECT_EQ(ws->receive(Seconds(10)).value(), "hello");
  const std::string large(60'000, 'x');
  ASSERT_TRUE(ws->send(large).ok());
  EXPECT_EQ(ws->receive(Seconds(10)).value(), large);
}

TEST_F(ClientTest, WebSocketGoesOnAfterATimeout) {
  start_thread();
  auto ws = ClientWebSocket::connect(target(), "/ws", {}, "p");
  ASSERT_TRUE(ws.ok());
  EXPECT_EQ(ws->receive(milliseconds(5)).error().code, Errc::deadline_exceeded);
  ASSERT_TRUE(ws->send("hello").ok());
  EXPECT_EQ(ws->receive(Seconds(10)).value(), "hello");
}

TEST_F(ClientTest, WebSocketTellsTheCloseCode) {
  start_thread();
  auto ws = ClientWebSocket::connect(target(), "/ws", {}, "p");
  ASSERT_TRUE(ws.ok());
  ASSERT_TRUE(ws->send("close").ok());
  const auto end = ws->receive(Seconds(10));
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error(), (Error{Errc::cancelled, "4403 scope lost"}));
}

TEST_F(ClientTest, WebSocketRefusalSaysTheStatus) {
  start_thread();
  const auto ws = ClientWebSocket::connect(target(), "/other", {}, "p");
  ASSERT_FALSE(ws.ok());
  EXPECT_EQ(ws.error().code, Errc::unauthenticated);
}

TEST_F(ClientTest, WebSocketOverAUnixSocket) {
  start_thread();
  auto ws =
      ClientWebSocket::connect({.unix_path = dir / "s", .host = "", .port = 0}, "/ws", {}, "p");
  ASSERT_TRUE(ws.ok()) << ws.error().message;
  ASSERT_TRUE(ws->send("hello").ok());
  EXPECT_EQ(ws->receive(Seconds(10)).value(), "hello");
}

}  // namespace
}  // namespace gk::net
