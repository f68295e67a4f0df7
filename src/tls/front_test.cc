#include "tls/front.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "base/clock.h"
#include "testing/certificate_pair.h"
#include "testing/manual_clock.h"
#include "testing/no_descriptors.h"
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
  /// `source`: other addresses of this machine have their own places.
  sys::Fd connect(const char* source = "127.0.0.1") {
    sys::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in own{};
    own.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, source, &own.sin_addr), 1);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
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
    while (readable(daemon.fd(), kPatience_ms / 4)) {
      auto packet = daemon.receive();
      if (!packet) break;
      auto frame = read_front_frame(packet->text);
      if (frame && frame->kind != FrontFrame::Kind::tally) return {*frame, std::move(packet->fd)};
    }
    ADD_FAILURE() << "no frame";
    return {};
  }
  /// What it counts; no other frame may be on its way.
  Tally tally() {
    EXPECT_EQ(daemon.send(kCountFrame), sys::PacketSocket::Sent::yes);
    EXPECT_TRUE(readable(daemon.fd(), kPatience_ms));
    const auto packet = daemon.receive();
    const auto frame = read_front_frame(packet ? packet->text : "");
    EXPECT_TRUE(frame && frame->kind == FrontFrame::Kind::tally);
    return frame ? frame->tally : Tally{};
  }
  bool until(const std::function<bool()>& done) {
    for (int i = 0; i < kPatience_ms / 10 && !done(); ++i) ::poll(nullptr, 0, 10);
    return done();
  }
  /// Asks for more counts than the front's socket has room for, and takes none.
  void fill_the_socket() {
    const int smallest = 1;
    ::setsockopt(front->control().fd(), SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest);
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(until([&] { return daemon.send(kCountFrame) == sys::PacketSocket::Sent::yes; }));
    }
    ASSERT_TRUE(until([&] {
      int unread = -1;
      return ::ioctl(daemon.fd(), SIOCOUTQ, &unread) == 0 && unread == 0;
    }));
  }
  /// Open descriptors of this process: ours and the front's.
  static std::ptrdiff_t open_files() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  }
  /// What the client says comes out of the daemon's socket.
  static void expect_joined(const std::unique_ptr<SSL, FreeSsl>& ssl, const sys::Fd& socket) {
    ASSERT_EQ(SSL_write(ssl.get(), "hello", 5), 5);
    ASSERT_TRUE(readable(socket.get(), kPatience_ms / 4));
    char got[8] = {};
    EXPECT_EQ(::recv(socket.get(), got, sizeof got, 0), 5);
    EXPECT_STREQ(got, "hello");
  }
  static std::uint16_t port_of(const sys::Fd& fd) {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size);
    return ntohs(own.sin_port);
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
  EXPECT_EQ(frame.kind, FrontFrame::Kind::connection);
  EXPECT_EQ(frame.text, "127.0.0.1");
  EXPECT_EQ(frame.port, port_of(fd));
  expect_joined(ssl, socket);
}

TEST_F(FrontTest, HandsOverInTheirOrderThoseThatTheDaemonHadNoRoomFor) {
  fill_the_socket();
  const auto before = open_files();
  const sys::Fd first = connect(), third = connect();
  sys::Fd second = connect("127.0.0.2");
  const auto ssl = shake_hands(first);
  (void)shake_hands(second);
  const auto ssl3 = shake_hands(third);
  // Each: the client's socket, the front's, and a pair of which the daemon has none yet.
  ASSERT_TRUE(until([&] { return open_files() == before + 3 * 4; }));
  const linger reset{1, 0};
  ::setsockopt(second.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  second.reset();
  ASSERT_TRUE(until([&] { return open_files() == before + 2 * 4; })) << "who leaves is forgotten";
  const auto [frame, socket] = next_frame();
  ASSERT_EQ(frame.port, port_of(first));
  const auto [frame3, socket3] = next_frame();
  ASSERT_EQ(frame3.port, port_of(third));
  expect_joined(ssl, socket);
  expect_joined(ssl3, socket3);
  EXPECT_EQ(open_files(), before + 2 * 4) << "both of each pair, and nothing besides";
}

TEST_F(FrontTest, CountsAsRefusedWhomItHasNoDescriptorFor) {
  const sys::Fd first = connect();
  const auto ssl = shake_hands(first);
  const auto handed = next_frame();
  const sys::Fd second = connect();
  ASSERT_TRUE(until([&] { return tally().open == 2; })) << "it has one descriptor, and needs three";
  {
    const NoDescriptors none;
    (void)shake_hands(second);
    EXPECT_TRUE(until([&] { return tally().refused == 1; }));
  }
  EXPECT_EQ(tally().open, 1u);
  expect_joined(ssl, handed.second);
  const sys::Fd third = connect();
  const auto ssl3 = shake_hands(third);
  expect_joined(ssl3, next_frame().second);
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
