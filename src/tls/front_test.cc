#include "tls/front.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "base/clock.h"
#include "testing/certificate_pair.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"
#include "tls/mutant_test.h"
#include "tls/server_context.h"

namespace gk::tls {
namespace {

constexpr int kPatience_ms = 20'000;  // Only a broken test waits for it.
constexpr int kSweeps_ms = 600;       // Two of them: long enough for what must not happen.

bool readable(int fd, int patience_ms) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, patience_ms) == 1;
}

class FrontTest : public testing::Test {
 protected:
  void SetUp() override {
    const CertificatePair pair(dir.path(), "test");
    auto opened = open_server_context(pair.certificate, pair.key, SystemClock().wall());
    ASSERT_TRUE(opened);
    server = std::move(*opened);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    daemon = sys::PacketSocket(sys::Fd(ends[0]));
    front = Front::create(sys::PacketSocket(sys::Fd(ends[1])), server.context.get(),
                          {.max_connections = 8, .max_per_address = 2}, clock)
                .value();
    const sys::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener.get(), 16), 0);
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
    ASSERT_EQ(daemon.send(kListenFrame, listener.get()), sys::PacketSocket::Sent::yes);
    thread = std::thread([this] { front->run(); });
  }
  void TearDown() override {
    daemon = {};
    if (thread.joinable()) thread.join();
  }
  sys::Fd connect() {
    sys::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  /// A client that has shaken hands.
  std::unique_ptr<SSL, FreeSsl> shake_hands(const sys::Fd& fd) {
    if (!client_context) client_context.reset(SSL_CTX_new(TLS_client_method()));
    std::unique_ptr<SSL, FreeSsl> ssl(SSL_new(client_context.get()));
    SSL_set_max_proto_version(ssl.get(), TLS1_2_VERSION);  // Its tickets are part of the handshake.
    SSL_set_fd(ssl.get(), fd.get());
    EXPECT_EQ(SSL_connect(ssl.get()), 1);
    return ssl;
  }
  /// The next frame that is no tally.
  std::pair<FrontFrame, sys::Fd> next_frame() {
    while (readable(daemon.fd(), kPatience_ms)) {
      auto packet = daemon.receive();
      if (!packet) break;
      auto frame = read_front_frame(packet->text);
      if (frame && frame->kind != FrontFrame::Kind::tally) return {*frame, std::move(packet->fd)};
    }
    ADD_FAILURE() << "no frame";
    return {};
  }
  TempDir dir;
  ManualClock clock;
  ServerContext server;
  std::unique_ptr<SSL_CTX, FreeContext> client_context;
  sys::PacketSocket daemon;
  std::unique_ptr<Front> front;
  sockaddr_in address{};
  std::thread thread;
};

TEST_F(FrontTest, HandsAClientOverWithItsAddress) {
  const sys::Fd fd = connect();
  const auto ssl = shake_hands(fd);
  const auto [frame, socket] = next_frame();
  sockaddr_in own{};
  socklen_t size = sizeof own;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size);
  EXPECT_EQ(frame.kind, FrontFrame::Kind::connection);
  EXPECT_EQ(frame.text, "127.0.0.1");
  EXPECT_EQ(frame.port, ntohs(own.sin_port));
  ASSERT_EQ(SSL_write(ssl.get(), "hello", 5), 5);
  ASSERT_TRUE(readable(socket.get(), kPatience_ms));
  char got[8] = {};
  EXPECT_EQ(::recv(socket.get(), got, sizeof got, 0), 5);
  EXPECT_STREQ(got, "hello");
}

TEST_F(FrontTest, CutsASilentClientAtTheDeadlineAndNotBefore) {
  const sys::Fd fd = connect();
  const auto other = connect();
  const auto ssl = shake_hands(other);  // So the silent one was taken too.
  clock.advance(Millis(4'900));
  EXPECT_FALSE(readable(fd.get(), kSweeps_ms));
  clock.advance(Millis(350));  // And the period of the sweeps.
  ASSERT_TRUE(readable(fd.get(), kPatience_ms / 4));
  char byte = 0;
  EXPECT_EQ(::recv(fd.get(), &byte, 1, 0), 0);
  EXPECT_FALSE(readable(other.get(), 0)) << "who has shaken hands stays";
}

TEST_F(FrontTest, ClosesTheThirdOfAnAddressBeforeItsHandshake) {
  const sys::Fd first = connect(), second = connect();
  const sys::Fd third = connect();
  ASSERT_TRUE(readable(third.get(), kPatience_ms / 4));
  char byte = 0;
  EXPECT_EQ(::recv(third.get(), &byte, 1, 0), 0);
  EXPECT_FALSE(readable(first.get(), 0));
  EXPECT_FALSE(readable(second.get(), 0));
}

TEST_F(FrontTest, DrainedItTakesNobodyAndEndsWithItsLastClient) {
  const sys::Fd fd = connect();
  const auto ssl = shake_hands(fd);
  auto handed = next_frame();
  ASSERT_EQ(daemon.send(kDrainFrame), sys::PacketSocket::Sent::yes);
  ASSERT_EQ(SSL_write(ssl.get(), "x", 1), 1);
  ASSERT_TRUE(readable(handed.second.get(), kPatience_ms)) << "who is in is served";
  handed.second.reset();
  (void)SSL_shutdown(ssl.get());
  ASSERT_TRUE(readable(fd.get(), kPatience_ms));
  thread.join();
}

TEST_F(FrontTest, EndsWithTheDaemon) {
  const sys::Fd fd = connect();
  const auto ssl = shake_hands(fd);
  daemon = {};
  thread.join();
}

}  // namespace
}  // namespace gk::tls
