#include "net/web_socket.h"

#include <thread>

#include "net/server_fixture_test.h"
#include "net/ws_handshake.h"

namespace gk::net {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::uint8_t, 4> kMask = {1, 2, 3, 4};
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";  // Of RFC 6455 s1.3.

std::string masked(Opcode opcode, std::string_view payload, bool final_part = true) {
  std::string out;
  append_client_frame(out, opcode, final_part, payload, kMask);
  return out;
}

OutFrame frame(std::string text, std::uint32_t topic = 0, std::uint64_t seq = 0,
               bool latest_wins = false) {
  return {std::make_shared<const std::string>(std::move(text)), topic, seq, latest_wins};
}

struct Dropped {
  std::uint32_t topic;
  std::uint64_t from, to;
};

/// A raw client behind a handshake, and the server's end of it.
class WebSocketTest : public ServerTest {
 protected:
  void start_web() {
    handlers.on_upgrade = [this](Request request,
                                 const std::function<void(UpgradeDecision)>& decide) {
      UpgradeDecision decision;
      decision.accept = request.path == "/ws";
      decision.refusal.status = 403;
      decision.subprotocol = "gamekeeper.v1.json";
      decision.on_open = [this](std::shared_ptr<WebSocket> opened) {
        opened->on_message = [this](std::string_view text) { messages.emplace_back(text); };
        opened->on_close = [this](std::uint16_t code) { closed.push_back(code); };
        opened->on_dropped = [this](std::uint32_t topic, std::uint64_t from, std::uint64_t to) {
          dropped.push_back({topic, from, to});
        };
        sockets.push_back(std::move(opened));
      };
      decide(std::move(decision));
    };
    start();
  }
  static std::string handshake(std::string_view path = "/ws", std::string_view version = "13",
                               std::string_view key = kKey) {
    return "GET " + std::string(path) +
           " HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
           "Upgrade: websocket\r\nSec-WebSocket-Version: " +
           std::string(version) + "\r\nSec-WebSocket-Key: " + std::string(key) + "\r\n\r\n";
  }
  /// Does the handshake; afterwards `client.got` holds frames only.
  void open(RawClient& client) {
    const std::size_t before = sockets.size();
    client.send(handshake());
    EXPECT_TRUE(receives(client, "\r\n\r\n"));
    EXPECT_TRUE(until([&] { return sockets.size() == before + 1; }));
    client.got.erase(0, client.got.find("\r\n\r\n") + 4);
  }
  /// The next frame of the server.
  ServerFrame next_frame(RawClient& client) {
    ServerFrame out;
    EXPECT_TRUE(until([&] {
      client.read();
      return take_server_frame(client.got, 1 << 20, out) == FrameState::complete || client.ended;
    }));
    return out;
  }
  /// Expects a close frame with `code`; then the server ends.
  void expect_close(RawClient& client, std::uint16_t code) {
    const ServerFrame closing = next_frame(client);
    EXPECT_EQ(closing.opcode, Opcode::close);
    EXPECT_EQ(closing.payload.substr(0, 2), close_payload(code, ""));
    client.end();
    EXPECT_TRUE(until([&] { return closed.size() == 1; }));
    EXPECT_EQ(closed[0], code);
    EXPECT_TRUE(until([&] { return server->connections() == 0; }));
    EXPECT_EQ(metric("gamekeeper_websocket_clients"), 0);
  }
  /// Sends `bytes` after a handshake and expects the server to close with `code`.
  void expect_refused(std::string_view bytes, std::uint16_t code) {
    start_web();
    RawClient client(port);
    open(client);
    client.send(bytes);
    expect_close(client, code);
    EXPECT_TRUE(messages.empty());
  }

  std::vector<std::shared_ptr<WebSocket>> sockets;
  std::vector<std::string> messages;
  std::vector<std::uint16_t> closed;
  std::vector<Dropped> dropped;
};

TEST(WebSocketHandshake, MatchesTheExampleOfTheRfc) {
  EXPECT_EQ(web_socket_accept(kKey), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_F(WebSocketTest, AnswersTheHandshake) {
  start_web();
  RawClient client(port);
  client.send(handshake());
  EXPECT_TRUE(receives(client, "\r\n\r\n"));
  EXPECT_TRUE(client.got.starts_with("HTTP/1.1 101 ")) << client.got;
  EXPECT_NE(client.got.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
  EXPECT_NE(client.got.find("Sec-WebSocket-Protocol: gamekeeper.v1.json\r\n"), std::string::npos);
  EXPECT_EQ(client.got.find("Beast"), std::string::npos);
  EXPECT_EQ(metric("gamekeeper_websocket_clients"), 1);
  EXPECT_EQ(metric("gamekeeper_http_connections"), 0);
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(WebSocketTest, RefusesWithAPlainResponseAndServesOn) {
  start_web();
  RawClient client(port);
  client.send(handshake("/other"));
  EXPECT_TRUE(receives(client, "HTTP/1.1 403 "));
  client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(receives(client, "\r\n\r\n/next"));
}

TEST_F(WebSocketTest, RefusesBadHandshakes) {
  start_web();
  EXPECT_NE(exchange_to_end(handshake("/ws", "8")).find("HTTP/1.1 426 "), std::string::npos);
  EXPECT_NE(exchange_to_end(handshake("/ws", "8")).find("Sec-WebSocket-Version: 13\r\n"),
            std::string::npos);
  EXPECT_NE(exchange_to_end(handshake("/ws", "13", "short")).find("HTTP/1.1 400 "),
            std::string::npos);
  EXPECT_NE(exchange_to_end(handshake() + masked(Opcode::text, "early")).find("HTTP/1.1 400 "),
            std::string::npos);
  EXPECT_TRUE(sockets.empty());
}

TEST_F(WebSocketTest, CarriesTextBothWays) {
  start_web();
  RawClient client(port);
  open(client);
  client.send(masked(Opcode::text, "hel", false) + masked(Opcode::ping, "p") +
              masked(Opcode::continuation, "lo \xc3\xa4"));
  EXPECT_TRUE(until([&] { return messages.size() == 1; }));
  EXPECT_EQ(messages[0], "hello \xc3\xa4");
  const ServerFrame pong = next_frame(client);
  EXPECT_EQ(pong.opcode, Opcode::pong);
  EXPECT_EQ(pong.payload, "p");
  sockets[0]->send(frame("one"));
  sockets[0]->send(frame(std::string(70'000, 'x')));
  EXPECT_EQ(next_frame(client).payload, "one");
  EXPECT_EQ(next_frame(client).payload.size(), 70'000U);
  EXPECT_EQ(sockets[0]->peer().address, "127.0.0.1");
  EXPECT_TRUE(until([&] { return sockets[0]->queued_bytes() == 0; }));
}

TEST_F(WebSocketTest, EndsWithThePeersCode) {
  start_web();
  RawClient client(port);
  open(client);
  client.send(masked(Opcode::close, close_payload(1001, "bye")));
  expect_close(client, 1001);
}

TEST_F(WebSocketTest, LostConnectionIs1006) {
  start_web();
  RawClient client(port);
  open(client);
  client.end();
  EXPECT_TRUE(until([&] { return closed.size() == 1; }));
  EXPECT_EQ(closed[0], 1006);
}

TEST_F(WebSocketTest, ClosesWithOurCodeAfterWhatIsQueued) {
  start_web();
  RawClient client(port);
  open(client);
  sockets[0]->send(frame("last"));
  sockets[0]->close(4401, "revoked");
  sockets[0]->send(frame("ignored"));
  EXPECT_TRUE(closed.empty()) << "never from within close()";
  EXPECT_EQ(next_frame(client).payload, "last");
  const ServerFrame closing = next_frame(client);
  EXPECT_EQ(closing.payload, close_payload(4401, "revoked"));
  client.send(masked(Opcode::text, "too late") + masked(Opcode::close, closing.payload));
  client.shut();
  EXPECT_TRUE(until([&] { return closed.size() == 1; }));
  EXPECT_EQ(closed[0], 4401);
  EXPECT_TRUE(messages.empty());
}

TEST_F(WebSocketTest, DoesNotWaitForAPeerThatNeverCloses) {
  options.web_socket.close_timeout = milliseconds(10);
  start_web();
  RawClient client(port);
  open(client);
  sockets[0]->close(4401, "revoked");
  EXPECT_TRUE(until([&] { return closed.size() == 1; }));
  EXPECT_EQ(closed[0], 4401);
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(WebSocketTest, RoomMayCloseFromWithinACallbackAndLetGo) {
  start_web();
  RawClient client(port);
  open(client);
  sockets[0]->on_message = [this](std::string_view) {
    sockets[0]->close(1000, "");
    sockets.clear();
  };
  client.send(masked(Opcode::text, "a") + masked(Opcode::text, "b"));
  expect_close(client, 1000);
}

// RFC 6455 s5: what ends a connection with 1002.
TEST_F(WebSocketTest, RefusesUnmaskedFrames) {
  expect_refused(
      "\x81\x01"
      "a",
      1002);
}
TEST_F(WebSocketTest, RefusesReservedOpcodes) {
  expect_refused(masked(static_cast<Opcode>(3), "a"), 1002);
}
TEST_F(WebSocketTest, RefusesReservedControlOpcodes) {
  expect_refused(masked(static_cast<Opcode>(11), "a"), 1002);
}
TEST_F(WebSocketTest, RefusesReservedBits) {
  std::string bytes = masked(Opcode::text, "a");
  bytes[0] = static_cast<char>(bytes[0] | 0x40);
  expect_refused(bytes, 1002);
}
TEST_F(WebSocketTest, RefusesFragmentedControlFrames) {
  expect_refused(masked(Opcode::ping, "a", false), 1002);
}
TEST_F(WebSocketTest, RefusesLongControlFrames) {
  expect_refused(masked(Opcode::ping, std::string(126, 'a')), 1002);
}
TEST_F(WebSocketTest, RefusesAContinuationOfNothing) {
  expect_refused(masked(Opcode::continuation, "a"), 1002);
}
TEST_F(WebSocketTest, RefusesANewMessageInsideAnother) {
  expect_refused(masked(Opcode::text, "a", false) + masked(Opcode::text, "b"), 1002);
}
TEST_F(WebSocketTest, RefusesBadCloseCodes) {
  expect_refused(masked(Opcode::close, close_payload(1005, "")), 1002);
}
TEST_F(WebSocketTest, RefusesOneByteCloseFrames) {
  expect_refused(masked(Opcode::close, "a"), 1002);
}
TEST_F(WebSocketTest, RefusesTextThatIsNotUtf8) {
  expect_refused(masked(Opcode::text, "\xc0\xaf"), 1007);
}
TEST_F(WebSocketTest, RefusesTextThatEndsInsideACharacter) {
  expect_refused(masked(Opcode::text, "\xc3", false) + masked(Opcode::continuation, ""), 1007);
}
TEST_F(WebSocketTest, RefusesBinary) { expect_refused(masked(Opcode::binary, "a"), 1003); }
TEST_F(WebSocketTest, RefusesMessagesOverTheLimit) {
  expect_refused(masked(Opcode::text, std::string(65'537, 'a')), 1009);
}
TEST_F(WebSocketTest, RefusesFragmentsOverTheLimitTogether) {
  expect_refused(masked(Opcode::text, std::string(40'000, 'a'), false) +
                     masked(Opcode::continuation, std::string(40'000, 'a')),
                 1009);
}
TEST_F(WebSocketTest, AcceptsAMessageOfTheLimit) {
  start_web();
  RawClient client(port);
  open(client);
  client.send(masked(Opcode::text, std::string(65'536, 'a')));
  EXPECT_TRUE(until([&] { return messages.size() == 1; }));
  EXPECT_EQ(messages[0].size(), 65'536U);
}

TEST_F(WebSocketTest, SlowReaderIsBoundedLearnsItsGapAndHarmsNobody) {
  options.web_socket.max_queued_frames = 8;
  options.web_socket.send_buffer_bytes = 4096;
  start_web();
  RawClient slow(port), fast(port);
  const int tiny = 4096;
  ::setsockopt(slow.fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
  open(slow);
  open(fast);
  constexpr std::uint64_t kFrames = 150;
  std::uint64_t fast_got = 0;
  for (std::uint64_t seq = 1; seq <= kFrames; ++seq) {
    const OutFrame next = frame(std::to_string(seq) + std::string(8000, ' '), 5, seq);
    for (const auto& socket : sockets) socket->send(next);
    EXPECT_LE(sockets[0]->queued_bytes(), 8U * 8010);
    EXPECT_EQ(std::stoull(next_frame(fast).payload), ++fast_got);
  }
  EXPECT_EQ(fast_got, kFrames);
  EXPECT_TRUE(dropped.empty()) << "told when it reads again, not before";
  std::vector<std::uint64_t> slow_got;
  while (slow_got.empty() || slow_got.back() != kFrames)
    slow_got.push_back(std::stoull(next_frame(slow).payload));
  EXPECT_LT(slow_got.size(), 120U);
  ASSERT_EQ(dropped.size(), 1U);
  EXPECT_EQ(dropped[0].topic, 5U);
  // What came and what was reported is everything, once.
  EXPECT_EQ(slow_got.size() + (dropped[0].to - dropped[0].from + 1), kFrames);
  const auto gap = std::find(slow_got.begin(), slow_got.end(), dropped[0].from - 1);
  ASSERT_NE(gap, slow_got.end());
  EXPECT_EQ(*(gap + 1), dropped[0].to + 1);
  EXPECT_EQ(metric("gamekeeper_websocket_dropped_frames_total"), double(kFrames - slow_got.size()));
}

TEST_F(WebSocketTest, LatestWinsSendsOnlyTheLastToASlowReader) {
  options.web_socket.send_buffer_bytes = 4096;
  start_web();
  RawClient slow(port);
  const int tiny = 4096;
  ::setsockopt(slow.fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
  open(slow);
  for (std::uint64_t seq = 1; seq <= 200; ++seq) {
    sockets[0]->send(frame(std::to_string(seq) + std::string(8000, ' '), 5, seq, true));
    loop.run_for(Nanos(0));
  }
  EXPECT_LE(sockets[0]->queued_bytes(), 2U * 8010);
  std::uint64_t last = 0;
  while (last != 200) {
    const std::uint64_t seq = std::stoull(next_frame(slow).payload);
    EXPECT_GT(seq, last);
    last = seq;
  }
  EXPECT_TRUE(dropped.empty());
}

TEST_F(WebSocketTest, StalledClientIsClosedWith1013) {
  options.web_socket.stall_timeout = milliseconds(20);
  options.web_socket.send_buffer_bytes = 4096;
  start_web();
  RawClient stuck(port);
  const int tiny = 4096;
  ::setsockopt(stuck.fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
  open(stuck);
  for (std::uint64_t seq = 1; seq <= 100; ++seq)
    sockets[0]->send(frame(std::string(8000, 'x'), 5, seq));
  EXPECT_TRUE(until([&] { return closed.size() == 1; }));
  EXPECT_EQ(closed[0], 1013);
}

TEST_F(WebSocketTest, QueueFullOfUndroppableFramesClosesWith1013) {
  options.web_socket.send_buffer_bytes = 4096;
  options.web_socket.close_timeout = milliseconds(10);
  start_web();
  RawClient stuck(port);
  const int tiny = 4096;
  ::setsockopt(stuck.fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
  open(stuck);
  for (int i = 0; i < 100; ++i) sockets[0]->send(frame(std::string(8000, 'x')));
  EXPECT_TRUE(closed.empty()) << "never from within send()";
  EXPECT_LE(sockets[0]->queued_bytes(), options.web_socket.max_queued_bytes);
  EXPECT_TRUE(until([&] { return closed.size() == 1; }));
  EXPECT_EQ(closed[0], 1013);
}

TEST_F(WebSocketTest, PingsASilentPeerAndClosesItWith4408) {
  options.web_socket.ping_interval = milliseconds(20);
  start_web();
  RawClient silent(port);
  open(silent);
  EXPECT_EQ(next_frame(silent).opcode, Opcode::ping);
  expect_close(silent, 4408);
}

TEST_F(WebSocketTest, APauseOfTheServerClosesNobody) {
  options.web_socket.ping_interval = milliseconds(20);
  start_web();
  RawClient client(port);
  open(client);
  std::this_thread::sleep_for(milliseconds(100));  // The loop stands still.
  const ServerFrame ping = next_frame(client);
  EXPECT_EQ(ping.opcode, Opcode::ping);
  client.send(masked(Opcode::pong, ping.payload));
  EXPECT_EQ(next_frame(client).opcode, Opcode::ping) << "it is there still";
}

TEST_F(WebSocketTest, PeerThatAnswersPingsStays) {
  options.web_socket.ping_interval = milliseconds(150);
  start_web();
  RawClient client(port);
  open(client);
  for (int i = 0; i < 3; ++i) {
    const ServerFrame ping = next_frame(client);
    EXPECT_EQ(ping.opcode, Opcode::ping);
    client.send(masked(Opcode::pong, ping.payload));
  }
  EXPECT_TRUE(closed.empty());
}

TEST_F(WebSocketTest, FrameLargerThanTheQueueIsReportedAsDropped) {
  options.web_socket.max_queued_bytes = 100;
  start_web();
  RawClient client(port);
  open(client);
  sockets[0]->send(frame(std::string(101, 'x'), 5, 1));
  EXPECT_TRUE(dropped.empty()) << "never from within send()";
  EXPECT_TRUE(until([&] { return dropped.size() == 1; }));
  sockets[0]->send(frame("2", 5, 2));
  EXPECT_EQ(next_frame(client).payload, "2");
  EXPECT_EQ(dropped[0].from, 1U);
  EXPECT_EQ(dropped[0].to, 1U);
}

TEST_F(WebSocketTest, ShutdownClosesWith1001) {
  start_web();
  RawClient client(port);
  open(client);
  bool done = false;
  server->shutdown(Seconds(10), [&] { done = true; });
  const ServerFrame closing = next_frame(client);
  EXPECT_EQ(closing.payload.substr(0, 2), close_payload(1001, ""));
  client.send(masked(Opcode::close, closing.payload));
  client.shut();
  EXPECT_TRUE(until([&] { return done; }));
  EXPECT_EQ(closed, (std::vector<std::uint16_t>{1001}));
}

TEST_F(WebSocketTest, SocketMayOutliveItsServer) {
  start_web();
  RawClient client(port);
  open(client);
  server.reset();
  sockets[0]->send(frame("nobody"));
  sockets[0]->close(1000, "");
  EXPECT_TRUE(until([&] { return closed.size() == 1; }));
  sockets.clear();
}

}  // namespace
}  // namespace gk::net
