// Answers that do not end: frames of a StreamStart over a real socket.

#include "net/server_fixture_test.h"
#include "net/web_socket.h"

namespace gk::net {
namespace {

constexpr std::string_view kGet = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

class StreamTest : public ServerTest {
 protected:
  void start_stream() {
    handlers.on_request = [this](const Request&, const Respond& respond) {
      Response response;
      response.content_type = "text/event-stream";
      response.stream = std::make_shared<StreamStart>();
      response.stream->encode = [](const OutFrame& frame) { return "<" + *frame.text + ">"; };
      response.stream->goodbye = [](std::uint16_t code, std::string_view) {
        return "bye " + std::to_string(code);
      };
      response.stream->heartbeat = "beat";
      response.stream->on_open = [this](std::shared_ptr<WebSocket> opened) {
        socket = std::move(opened);
        socket->on_close = [this](std::uint16_t code) { closed = code; };
        socket->on_dropped = [this](std::uint32_t topic, std::uint64_t from, std::uint64_t to) {
          dropped.push_back(std::to_string(topic) + ":" + std::to_string(from) + "-" +
                            std::to_string(to));
        };
      };
      respond(std::move(response));
    };
    start();
  }
  void open(RawClient& client) {
    client.send(kGet);
    ASSERT_TRUE(until([&] { return socket != nullptr; }));
  }
  void send(std::string text, std::uint32_t topic = 1, std::uint64_t seq = 1, bool latest = false) {
    socket->send({.text = std::make_shared<const std::string>(std::move(text)),
                  .topic = topic,
                  .seq = seq,
                  .latest_wins = latest});
  }

  std::shared_ptr<WebSocket> socket;  // as a room shares it
  std::uint16_t closed = 0;
  std::vector<std::string> dropped;
};

TEST_F(StreamTest, SendsAHeadWithoutALengthAndThenFrames) {
  start_stream();
  RawClient client(port);
  open(client);
  send("one");
  send("two", 1, 2);
  ASSERT_TRUE(receives(client, "<one><two>"));
  EXPECT_NE(client.got.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_EQ(client.got.find("Content-Length"), std::string::npos);
  EXPECT_NE(client.got.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(metric("gamekeeper_event_stream_clients"), 1);
}

TEST_F(StreamTest, NoticesThatThePeerHasLeft) {
  start_stream();
  RawClient client(port);
  open(client);
  client.end();
  EXPECT_TRUE(until([&] { return closed != 0; }));
  EXPECT_EQ(closed, 1006);
  EXPECT_EQ(server->connections(), 0U);
  send("nobody");  // Ignored.
}

TEST_F(StreamTest, SaysGoodbyeAfterWhatIsQueued) {
  start_stream();
  RawClient client(port);
  open(client);
  send("last");
  socket->close(4401, "session ended");
  send("too late", 1, 2);
  ASSERT_TRUE(ends(client));
  EXPECT_TRUE(client.got.ends_with("<last>bye 4401")) << client.got;
  EXPECT_TRUE(until([&] { return closed == 4401; }));
}

TEST_F(StreamTest, BeatsWhileNothingIsSent) {
  options.web_socket.ping_interval = Millis(30);
  start_stream();
  RawClient client(port);
  open(client);
  EXPECT_TRUE(receives(client, "beatbeat"));
}

TEST_F(StreamTest, AReaderThatIsTooSlowLosesTheOldestAndIsTold) {
  options.web_socket.max_queued_frames = 8;
  options.web_socket.send_buffer_bytes = 4096;
  start_stream();
  RawClient client(port);
  open(client);
  const std::string large(20'000, 'x');
  // Enough that the kernel's buffers are full; then the queue is.
  for (std::uint64_t seq = 1; seq <= 400; ++seq) {
    send(large, 1, seq);
    loop.run_for(Nanos(1));
  }
  EXPECT_LE(socket->queued_bytes(), 256U * 1024 + large.size());
  ASSERT_TRUE(until([&] {
    client.read();
    return !dropped.empty();
  }));
  EXPECT_TRUE(dropped[0].starts_with("1:")) << dropped[0];
}

TEST_F(StreamTest, AReaderThatTakesNothingIsClosed) {
  options.web_socket.stall_timeout = Millis(50);
  options.web_socket.send_buffer_bytes = 4096;
  start_stream();
  RawClient client(port);
  open(client);
  for (std::uint64_t seq = 1; seq <= 400; ++seq) {
    send(std::string(20'000, 'x'), 1, seq);
    loop.run_for(Nanos(1));
  }
  EXPECT_TRUE(until([&] { return closed != 0; }));
  EXPECT_EQ(closed, 1013);
}

TEST_F(StreamTest, LatestWinsFramesReplaceEachOther) {
  start_stream();
  RawClient client(port);
  open(client);
  for (int i = 1; i <= 3; ++i) send(std::to_string(i), 1, static_cast<std::uint64_t>(i), true);
  ASSERT_TRUE(receives(client, "<3>"));
  EXPECT_EQ(client.got.find("<1>"), std::string::npos);
}

TEST_F(StreamTest, EndsWithTheServer) {
  start_stream();
  RawClient client(port);
  open(client);
  bool done = false;
  server->shutdown(Seconds(5), [&] { done = true; });
  EXPECT_TRUE(until([&] {
    client.read();
    return done && client.ended;
  }));
  EXPECT_TRUE(client.got.ends_with("bye 1001"));
}

TEST_F(StreamTest, AHeadRequestGetsAnAnswerThatEnds) {
  start_stream();
  const std::string got = exchange_to_end("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200"));
  EXPECT_EQ(socket, nullptr);
}

}  // namespace
}  // namespace gk::net
