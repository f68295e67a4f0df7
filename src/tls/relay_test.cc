#include "tls/relay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "testing/certificate_pair.h"
#include "testing/temp_dir.h"
#include "tls/mutant_test.h"
#include "tls/server_context.h"

namespace gk::tls {
namespace {

constexpr MonoTime t0{Seconds(3'600)};

/// Two connected, non-blocking sockets.
struct Ends {
  Ends() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    ours = sys::Fd(fds[0]);
    theirs = sys::Fd(fds[1]);
  }
  sys::Fd ours, theirs;
};

class RelayTest : public testing::Test {
 protected:
  void SetUp() override {
    const CertificatePair pair(dir.path(), "test");
    auto opened = open_server_context(pair.certificate, pair.key, SystemClock().wall());
    ASSERT_TRUE(opened);
    server = std::move(*opened);
    client_context.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_mode(client_context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    client.reset(SSL_new(client_context.get()));
    client_fd = std::move(net.ours);
    SSL_set_fd(client.get(), client_fd.get());
    relay = std::make_unique<Relay>(std::move(net.theirs), server.context.get(), limits, t0);
  }

  /// One look at both sockets, and what follows from it.
  Relay::Step turn(bool daemon_ended = false) {
    relay->client_event();
    relay->daemon_event(daemon_ended);
    Relay::Step step = relay->step(scratch, t0);
    for (int i = 0; i < 1'000 && step == Relay::Step::again; ++i) step = relay->step(scratch, t0);
    if (step == Relay::Step::ready) {
      relay->connect(std::move(link.ours));
      daemon = std::move(link.theirs);
    }
    return step;
  }
  void shake_hands() {
    for (int i = 0; i < 20 && !daemon; ++i) {
      (void)SSL_connect(client.get());
      ASSERT_NE(turn(), Relay::Step::ended);
    }
    ASSERT_TRUE(daemon);
    ASSERT_EQ(SSL_connect(client.get()), 1);
  }
  /// What the client reads now; `end` becomes OpenSSL's word for why there is no more.
  std::string client_reads(int& end) {
    std::string out;
    std::array<char, kRecord> bytes{};
    for (;;) {
      ERR_clear_error();
      const int n = SSL_read(client.get(), bytes.data(), int(bytes.size()));
      if (n <= 0) {
        end = SSL_get_error(client.get(), n);
        return out;
      }
      out.append(bytes.data(), std::size_t(n));
    }
  }
  /// What the daemon reads now; the last byte of its input is '$' when that has ended.
  std::string daemon_reads() {
    std::string out;
    std::array<char, kRecord> bytes{};
    for (;;) {
      const ssize_t n = ::recv(daemon.get(), bytes.data(), bytes.size(), 0);
      if (n <= 0) return n == 0 ? out + "$" : out;
      out.append(bytes.data(), std::size_t(n));
    }
  }
  void client_says(std::string_view text) {
    ASSERT_EQ(SSL_write(client.get(), text.data(), int(text.size())), int(text.size()));
  }
  void daemon_says(std::string_view text) {
    ASSERT_EQ(::send(daemon.get(), text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }

  struct FreeContextOfClient {
    void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
  };
  TempDir dir;
  RelayLimits limits;
  ServerContext server;
  std::unique_ptr<SSL_CTX, FreeContextOfClient> client_context;
  std::unique_ptr<SSL, FreeSsl> client;
  Ends net, link;
  sys::Fd client_fd, daemon;
  std::unique_ptr<Relay> relay;
  std::array<char, kRecord> scratch{};
};

TEST_F(RelayTest, PassesBytesBothWays) {
  shake_hands();
  client_says("question");
  (void)turn();
  EXPECT_EQ(daemon_reads(), "question");
  daemon_says("answer");
  (void)turn();
  int end = 0;
  EXPECT_EQ(client_reads(end), "answer");
  EXPECT_EQ(end, SSL_ERROR_WANT_READ);
}

TEST_F(RelayTest, HasADeadlineUntilTheHandshakeIsOver) {
  EXPECT_EQ(relay->deadline(), t0 + Seconds(5));
  shake_hands();
  EXPECT_EQ(relay->deadline(), MonoTime::max());
}

TEST_F(RelayTest, TellsTheDaemonOfTheClientsEndAndStillBringsTheAnswer) {
  shake_hands();
  client_says("question");
  ASSERT_EQ(SSL_shutdown(client.get()), 0);
  EXPECT_EQ(turn(), Relay::Step::wait);
  EXPECT_EQ(daemon_reads(), "question$");
  daemon_says("answer");
  daemon.reset();
  EXPECT_EQ(turn(true), Relay::Step::ended) << "both sides have said their end";
  int end = 0;
  EXPECT_EQ(client_reads(end), "answer");
  EXPECT_EQ(end, SSL_ERROR_ZERO_RETURN) << "a close_notify, not a cut";
}

TEST_F(RelayTest, TellsTheClientOfTheDaemonsEndAndStillTakesWhatItSays) {
  shake_hands();
  daemon_says("answer");
  ::shutdown(daemon.get(), SHUT_WR);
  EXPECT_EQ(turn(true), Relay::Step::wait);
  EXPECT_EQ(relay->deadline(), t0 + limits.linger);
  int end = 0;
  EXPECT_EQ(client_reads(end), "answer");
  EXPECT_EQ(end, SSL_ERROR_ZERO_RETURN);
  client_says("late");
  (void)turn(true);
  EXPECT_EQ(daemon_reads(), "late");
  ASSERT_EQ(SSL_shutdown(client.get()), 1);
  EXPECT_EQ(turn(true), Relay::Step::ended);
}

TEST_F(RelayTest, EndsWithAClientThatIsCutOff) {
  shake_hands();
  client_fd.reset();  // A FIN without close_notify: somebody on the way can send one.
  EXPECT_EQ(turn(), Relay::Step::ended);
}

TEST_F(RelayTest, ReadsTheDaemonNoFasterThanTheClientReads) {
  shake_hands();
  const std::string chunk(64 * 1024, 'x');
  std::string sent, got;
  const auto fill = [&] {
    for (int stalled = 0; stalled < 3;) {
      std::string part;
      for (std::size_t i = 0; i < chunk.size(); ++i) part += char('a' + (sent.size() + i) % 23);
      const ssize_t n = ::send(daemon.get(), part.data(), part.size(), MSG_NOSIGNAL);
      if (n > 0) sent += part.substr(0, std::size_t(n));
      stalled = n > 0 ? 0 : stalled + 1;
      ASSERT_NE(turn(), Relay::Step::ended);
      ASSERT_LT(sent.size(), std::size_t{16} << 20U) << "somebody keeps it all";
    }
  };
  fill();
  // Two socket buffers of about 200 KiB, and a record of ours.
  EXPECT_LT(sent.size(), std::size_t{1} << 20U);
  int end = 0;
  for (int i = 0; i < 10'000 && got.size() < sent.size(); ++i) {
    got += client_reads(end);
    (void)turn();
  }
  EXPECT_TRUE(got == sent) << "nothing is lost: " << got.size() << " of " << sent.size();
}

TEST_F(RelayTest, ReadsTheClientNoFasterThanTheDaemonReads) {
  shake_hands();
  const std::string chunk(kRecord, 'y');
  std::size_t sent = 0;
  for (int stalled = 0; stalled < 3;) {
    const int n = SSL_write(client.get(), chunk.data(), int(chunk.size()));
    if (n > 0) sent += std::size_t(n);
    stalled = n > 0 ? 0 : stalled + 1;
    (void)turn();
    ASSERT_LT(sent, std::size_t{16} << 20U);
  }
  EXPECT_LT(sent, std::size_t{1} << 20U);
  EXPECT_TRUE(relay->waits_for_daemon());
}

TEST_F(RelayTest, ThrowsAwayWhatADaemonThatLeftWillNotTake) {
  shake_hands();
  daemon.reset();
  (void)turn(true);
  client_says("more");
  EXPECT_EQ(turn(true), Relay::Step::wait);
  EXPECT_FALSE(relay->waits_for_daemon());
  EXPECT_EQ(relay->deadline(), t0 + limits.linger);
}

TEST_F(RelayTest, AnswersPlainHttpWithOneConstantAnswer) {
  ASSERT_GT(::send(client_fd.get(), "GET /secret HTTP/1.1\r\n\r\n", 24, 0), 0);
  EXPECT_EQ(turn(), Relay::Step::ended);
  EXPECT_EQ(relay->end(), Relay::End::no_handshake);
  std::array<char, 1024> bytes{};
  const ssize_t n = ::recv(client_fd.get(), bytes.data(), bytes.size(), 0);
  ASSERT_GT(n, 0);
  const std::string got(bytes.data(), std::size_t(n));
  const std::string body = "This port speaks HTTPS: begin with https://\n";
  EXPECT_TRUE(got.starts_with("HTTP/1.1 400 ")) << got;
  EXPECT_TRUE(got.ends_with("\r\n\r\n" + body)) << got;
  EXPECT_NE(got.find("Content-Length: " + std::to_string(body.size()) + "\r\n"), std::string::npos);
}

TEST_F(RelayTest, SpeaksNothingOlderThanTls12) {
  SSL_CTX_set_min_proto_version(client_context.get(), TLS1_VERSION);
  SSL_set_security_level(client.get(), 0);
  SSL_set_min_proto_version(client.get(), TLS1_1_VERSION);
  SSL_set_max_proto_version(client.get(), TLS1_1_VERSION);
  SSL_CTX_set_security_level(server.context.get(), 0);  // So that the rule is ours, not OpenSSL's.
  relay = std::make_unique<Relay>(sys::Fd(::fcntl(relay->client_fd(), F_DUPFD_CLOEXEC, 3)),
                                  server.context.get(), limits, t0);
  (void)SSL_set_cipher_list(client.get(), "ALL:@SECLEVEL=0");
  SSL_CTX_set_cipher_list(server.context.get(), "ALL:@SECLEVEL=0");
  Relay::Step step = Relay::Step::wait;
  for (int i = 0; i < 20 && step == Relay::Step::wait; ++i) {
    (void)SSL_connect(client.get());
    step = turn();
  }
  EXPECT_EQ(step, Relay::Step::ended);
}

TEST_F(RelayTest, RefusesAClientThatSpeaksHttp2Alone) {
  const unsigned char h2[] = {2, 'h', '2'};
  SSL_set_alpn_protos(client.get(), h2, sizeof h2);
  Relay::Step step = Relay::Step::wait;
  for (int i = 0; i < 20 && step == Relay::Step::wait; ++i) {
    (void)SSL_connect(client.get());
    step = turn();
  }
  EXPECT_EQ(step, Relay::Step::ended);
}

}  // namespace
}  // namespace gk::tls
