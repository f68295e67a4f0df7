#include "net/listen.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "net/server_fixture_test.h"
#include "testing/temp_dir.h"

namespace gk::net {
namespace {

class ListenTest : public ServerTest {
 protected:
  TempDir dir;
};

TEST_F(ListenTest, SaysWhatAnAddressLooksLike) {
  start();
  for (const char* text : {"", "5000", "localhost:5000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                           "127.0.0.1:65536", "::1:5000", "[::1]", "1.2.3:5000", "127.0.0.1:-1"}) {
    const auto bound = server->listen_tcp(text);
    ASSERT_FALSE(bound.ok()) << text;
    EXPECT_EQ(bound.error().code, Errc::invalid_argument) << text;
  }
}

TEST_F(ListenTest, PortInUseSaysWhatToChange) {
  start();
  const auto again = server->listen_tcp(address);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Errc::already_exists);
  EXPECT_NE(again.error().message.find(address), std::string::npos);
  EXPECT_NE(again.error().message.find("--listen"), std::string::npos);
}

TEST_F(ListenTest, ForeignAddressIsInvalid) {
  start();
  EXPECT_EQ(server->listen_tcp("203.0.113.1:0").error().code, Errc::invalid_argument);
}

TEST_F(ListenTest, BindsIpv6) {
  start();
  const auto bound = server->listen_tcp("[::1]:0");
  if (!bound.ok()) GTEST_SKIP() << "no IPv6 here";
  EXPECT_TRUE(bound->starts_with("[::1]:")) << *bound;
}

TEST_F(ListenTest, UnixSocketHasItsModeAndKnowsThePeer) {
  start();
  const std::string path = dir / "api.sock";
  ASSERT_TRUE(server->listen_unix(path, 0660).ok());
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0660U);
  RawClient client(path);
  client.send("GET /u HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(receives(client, "/u"));
  EXPECT_EQ(seen[0].peer.transport, Transport::unix_socket);
  EXPECT_EQ(seen[0].peer.uid, ::getuid());
  EXPECT_EQ(seen[0].peer.pid, ::getpid());
  EXPECT_EQ(seen[0].peer.address, "");
}

TEST_F(ListenTest, UnixSocketIsOutsideTheAddressLimit) {
  options.limits.max_per_address = 1;
  start();
  const std::string path = dir / "api.sock";
  ASSERT_TRUE(server->listen_unix(path, 0600).ok());
  RawClient first(path), second(path);
  EXPECT_TRUE(until([&] { return server->connections() == 2; }));
}

TEST_F(ListenTest, ReplacesAStaleSocket) {
  start();
  const std::string path = dir / "api.sock";
  const auto stale = open_unix_listener(path, 0600);
  ASSERT_TRUE(stale.ok());
  ::close(stale->fd);  // Gone as after a crash: the file stays.
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(server->listen_unix(path, 0600).ok());
  RawClient client(path);
  client.send("GET /u HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(receives(client, "/u"));
}

TEST_F(ListenTest, RefusesALiveSocketAndOtherFiles) {
  start();
  const std::string path = dir / "api.sock", file = dir / "file";
  ASSERT_TRUE(server->listen_unix(path, 0600).ok());
  EXPECT_EQ(server->listen_unix(path, 0600).error().code, Errc::already_exists);
  std::ofstream(file) << "precious";
  EXPECT_EQ(server->listen_unix(file, 0600).error().code, Errc::already_exists);
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_EQ(server->listen_unix(std::string(200, 'a'), 0600).error().code, Errc::invalid_argument);
  EXPECT_EQ(server->listen_unix(dir / "none/api.sock", 0600).error().code, Errc::unavailable);
}

TEST_F(ListenTest, RemovesItsSocketFileButNotASuccessors) {
  start();
  const std::string mine = dir / "mine.sock", theirs = dir / "theirs.sock";
  ASSERT_TRUE(server->listen_unix(mine, 0600).ok());
  ASSERT_TRUE(server->listen_unix(theirs, 0600).ok());
  std::filesystem::remove(theirs);
  std::ofstream(theirs) << "a successor's";
  server.reset();
  loop.run_for(Nanos(0));
  EXPECT_FALSE(std::filesystem::exists(mine));
  EXPECT_TRUE(std::filesystem::exists(theirs));
}

}  // namespace
}  // namespace gk::net
