// Connections that another process of ours accepted (Server::adopt).
#include <unistd.h>

#include "net/listen.h"
#include "net/server_fixture_test.h"

namespace gk::net {
namespace {

/// A client whose other end the server adopts.
struct Adopted {
  Adopted() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  }
  ~Adopted() { ::close(ends[0]); }
  Adopted(const Adopted&) = delete;
  Adopted& operator=(const Adopted&) = delete;
  void send(std::string_view text) {
    EXPECT_EQ(::send(ends[0], text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }
  const std::string& read() {
    char bytes[4096];
    for (ssize_t n = 0; (n = ::recv(ends[0], bytes, sizeof bytes, MSG_DONTWAIT)) >= 0;) {
      ended = n == 0;
      if (ended) break;
      got.append(bytes, std::size_t(n));
    }
    return got;
  }
  int ends[2] = {-1, -1};
  std::string got;
  bool ended = false;
};

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";

class ServerAdoptTest : public ServerTest {
 protected:
  bool answers(Adopted& client, std::string_view text) {
    return until([&] { return client.read().find(text) != std::string::npos; });
  }
};

TEST_F(ServerAdoptTest, TakesThePeerThatItIsToldAndNotWhoMadeTheSocket) {
  start();
  Adopted client;
  // The control: the socket itself says that it is a local administrator's.
  const Peer made_by = peer_of(client.ends[1]);
  ASSERT_EQ(made_by.transport, Transport::unix_socket);
  ASSERT_EQ(made_by.uid, std::optional<unsigned>(::geteuid()));
  server->adopt(client.ends[1], {.address = "192.0.2.7", .port = 4711});
  client.send(kGet);
  ASSERT_TRUE(answers(client, "\r\n\r\n/a"));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].peer.transport, Transport::tcp);
  EXPECT_EQ(seen[0].peer.address, "192.0.2.7");
  EXPECT_EQ(seen[0].peer.port, 4711);
  EXPECT_FALSE(seen[0].peer.uid);
  EXPECT_FALSE(seen[0].peer.pid);
}

TEST_F(ServerAdoptTest, CountsItAmongThoseOfItsAddress) {
  options.limits.max_per_address = 2;
  start();
  Adopted one, two, three, other;
  for (Adopted* client : {&one, &two, &three}) {
    server->adopt(client->ends[1], {.address = "192.0.2.7", .port = 1});
  }
  server->adopt(other.ends[1], {.address = "192.0.2.8", .port = 1});
  EXPECT_TRUE(answers(three, "HTTP/1.1 429 "));
  other.send(kGet);
  EXPECT_TRUE(answers(other, "HTTP/1.1 200 "));
  EXPECT_EQ(server->connections(), 3u);
}

TEST_F(ServerAdoptTest, TakesNobodyOnceItStops) {
  start();
  server->shutdown(Millis(100), [] {});
  Adopted client;
  server->adopt(client.ends[1], {.address = "192.0.2.7", .port = 1});
  EXPECT_TRUE(until([&] {
    client.read();
    return client.ended;
  }));
}

}  // namespace
}  // namespace gk::net
