#include "net/tcp_stream.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include "net/udp_client.h"

namespace gk::net {
namespace {

using namespace std::chrono_literals;

/// A listening or bound socket on a free loopback port.
struct Peer {
  explicit Peer(int type) : fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
    EXPECT_EQ(type == SOCK_STREAM ? ::listen(fd, 1) : 0, 0);
  }
  ~Peer() {
    if (accepted >= 0) ::close(accepted);
    if (fd >= 0) ::close(fd);
  }
  int accept() { return accepted = ::accept(fd, nullptr, nullptr); }
  void close() {
    ::close(fd);
    fd = -1;
  }
  int fd, accepted = -1;
  std::uint16_t port = 0;
};

class TcpStreamTest : public testing::Test {
 protected:
  void open(std::uint16_t port, TcpStreamLimits limits = {}) {
    stream.emplace(loop, "127.0.0.1", port,
                   TcpStreamHandlers{[this] { opened = true; },
                                     [this](std::string_view bytes) { got += bytes; },
                                     [this](const Error& error) { closed.push_back(error); }},
                   limits);
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, 10s); }

  Loop loop;
  std::optional<TcpStream> stream;
  bool opened = false;
  std::string got;
  std::vector<Error> closed;
};

TEST_F(TcpStreamTest, CarriesBytesBothWays) {
  Peer peer(SOCK_STREAM);
  open(peer.port);
  EXPECT_EQ(stream->write("early").error().code, Errc::failed_precondition);
  ASSERT_TRUE(until([&] { return opened; }));
  peer.accept();
  ASSERT_TRUE(stream->write("hello "));
  ASSERT_TRUE(stream->write("world"));
  loop.run_for(20ms);
  char text[16] = {};
  EXPECT_EQ(::read(peer.accepted, text, sizeof text), 11);
  EXPECT_STREQ(text, "hello world");
  ASSERT_EQ(::write(peer.accepted, "answer", 6), 6);
  ASSERT_TRUE(until([&] { return got == "answer"; }));
  ::shutdown(peer.accepted, SHUT_WR);
  ASSERT_TRUE(until([&] { return !closed.empty(); }));
  EXPECT_EQ(closed.front().message, "the server closed the connection");
  EXPECT_EQ(stream->write("late").error().code, Errc::failed_precondition);
}
TEST_F(TcpStreamTest, SaysOnceThatNobodyListens) {
  Peer peer(SOCK_STREAM);
  peer.close();
  open(peer.port);
  ASSERT_TRUE(until([&] { return !closed.empty(); }));
  loop.run_for(20ms);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed.front().code, Errc::unavailable);
}
TEST_F(TcpStreamTest, RefusesMoreThanMayWait) {
  Peer peer(SOCK_STREAM);
  open(peer.port, {.max_unsent = 1U << 20});
  ASSERT_TRUE(until([&] { return opened; }));
  peer.accept();
  const std::string half(1U << 19, 'x');
  Result<void> written;
  for (int i = 0; i < 64 && written; ++i) {
    written = stream->write(half);
    loop.run_for(1ms);
  }
  ASSERT_FALSE(written) << "the peer never reads";
  EXPECT_EQ(written.error().code, Errc::resource_exhausted);
}
TEST_F(TcpStreamTest, IsSilentOnceDestroyed) {
  Peer peer(SOCK_STREAM);
  open(peer.port);
  stream.reset();
  loop.run_for(20ms);
  EXPECT_FALSE(opened);
  EXPECT_TRUE(closed.empty());
}
TEST_F(TcpStreamTest, MayBeDestroyedByItsOwnHandler) {
  Peer peer(SOCK_STREAM);
  stream.emplace(loop, "127.0.0.1", peer.port,
                 TcpStreamHandlers{nullptr,
                                   [this](std::string_view bytes) {
                                     got += bytes;
                                     stream.reset();
                                   },
                                   nullptr});
  pollfd caller{peer.fd, POLLIN, 0};
  ASSERT_TRUE(until([&] { return ::poll(&caller, 1, 0) == 1; })) << "else accept() waits for ever";
  peer.accept();
  ASSERT_EQ(::write(peer.accepted, "x", 1), 1);
  ASSERT_TRUE(until([&] { return got == "x"; }));
  EXPECT_FALSE(stream);
}

TEST(UdpClient, CarriesDatagramsBothWays) {
  Loop loop;
  Peer peer(SOCK_DGRAM);
  bool opened = false;
  std::vector<std::string> got;
  UdpClient client(
      loop, "127.0.0.1", peer.port,
      {[&] { opened = true; }, [&](std::string_view datagram) { got.emplace_back(datagram); },
       [](const Error&) {}});
  ASSERT_TRUE(loop.run_until([&] { return opened; }, 10s));
  ASSERT_TRUE(client.send("ask"));
  sockaddr_in from{};
  socklen_t size = sizeof from;
  char text[16] = {};
  ASSERT_EQ(::recvfrom(peer.fd, text, sizeof text, 0, reinterpret_cast<sockaddr*>(&from), &size),
            3);
  for (const char* answer : {"one", "two"}) {
    ASSERT_EQ(::sendto(peer.fd, answer, 3, 0, reinterpret_cast<sockaddr*>(&from), size), 3);
  }
  ASSERT_TRUE(loop.run_until([&] { return got.size() == 2; }, 10s));
  EXPECT_EQ(got, (std::vector<std::string>{"one", "two"}));
}
TEST(UdpClient, NoticesThatNobodyListens) {
  Loop loop;
  Peer peer(SOCK_DGRAM);
  peer.close();
  bool opened = false;
  std::vector<Error> closed;
  UdpClient client(loop, "127.0.0.1", peer.port,
                   {[&] { opened = true; }, [](std::string_view) {},
                    [&](const Error& error) { closed.push_back(error); }});
  ASSERT_TRUE(loop.run_until([&] { return opened; }, 10s));
  ASSERT_TRUE(client.send("ask"));
  ASSERT_TRUE(loop.run_until([&] { return !closed.empty(); }, 10s));
  EXPECT_EQ(closed.front().message, "nobody listens there");
}

}  // namespace
}  // namespace gk::net
