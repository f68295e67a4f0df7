#include "net/packet_server.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/packet_client.h"
#include "testing/send_descriptors.h"
#include "testing/temp_dir.h"

namespace gk::net {
namespace {

constexpr Nanos kPatience = Seconds(20);  // Only a broken test waits for it.

class PacketServerTest : public testing::Test {
 protected:
  void start(PacketLimits limits = {}) {
    server = PacketServer::create(loop, path, 0660, limits,
                                  {.on_open =
                                       [this](PacketClientId id, const Peer& peer) {
                                         last = id;
                                         peers.push_back(peer);
                                       },
                                   .on_packet =
                                       [this](PacketClientId id, const Packet& packet) {
                                         got.emplace_back(packet.bytes);
                                         cut = cut || packet.cut;
                                         pids.push_back(packet.pid);
                                         came.push_back(size_of(packet.fd));
                                         if (packet.bytes == "bye") server->close(id);
                                         if (packet.bytes == "echo") server->send(id, "echo");
                                       },
                                   .on_close = [this](PacketClientId) { ++closed; }})
                 .value();
  }
  static off_t size_of(int fd) {
    struct stat info{};
    return ::fstat(fd, &info) == 0 ? info.st_size : -1;
  }
  /// Open descriptors of this process.
  static std::ptrdiff_t open_files() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  }
  PacketClient connect() { return PacketClient::connect(path).value(); }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, kPatience); }

  TempDir dir;
  const std::string path = dir / "p.sock";
  Loop loop;
  std::unique_ptr<PacketServer> server;
  PacketClientId last = 0;
  std::vector<Peer> peers;
  std::vector<std::string> got;
  std::vector<int> pids;
  std::vector<off_t> came;  // Sizes of the descriptors that came along; -1: none.
  bool cut = false;
  int closed = 0;
};

TEST_F(PacketServerTest, KeepsPacketsApartAndKnowsTheSender) {
  start();
  auto client = connect();
  ASSERT_TRUE(client.send("one"));
  ASSERT_TRUE(client.send(""));
  ASSERT_TRUE(client.send("echo"));
  ASSERT_TRUE(until([&] { return got.size() == 3; }));
  EXPECT_EQ(got, (std::vector<std::string>{"one", "", "echo"}));
  EXPECT_EQ(pids, std::vector<int>(3, ::getpid()));
  EXPECT_EQ(peers[0].uid, ::geteuid());
  EXPECT_EQ(client.receive(Millis(1000)).value(), "echo");
}

TEST_F(PacketServerTest, TellsAPacketOfAForkedChildFromItsParents) {
  start();
  auto client = connect();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(client.send("child") ? 0 : 1);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  ASSERT_TRUE(until([&] { return pids.size() == 1; }));
  EXPECT_EQ(pids[0], child);
  EXPECT_EQ(peers[0].pid, ::getpid());
}

/// One packet with a descriptor for each of `sizes`, of a file of that size.
void send_files(int socket, std::vector<off_t> sizes) {
  std::vector<int> fds;
  for (const off_t size : sizes) {
    fds.push_back(::memfd_create("test", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(fds.back(), size), 0);
  }
  EXPECT_EQ(send_descriptors(socket, "files", fds), 5);
  for (const int fd : fds) ::close(fd);
}

TEST_F(PacketServerTest, HandsOverTheFirstDescriptorAndKeepsNoneOpen) {
  start({.descriptors = true});
  auto client = connect();
  ASSERT_TRUE(client.send("none"));
  ASSERT_TRUE(until([&] { return got.size() == 1; }));
  const auto before = open_files();
  send_files(client.fd(), {7});
  send_files(client.fd(), {8, 9, 10});
  ASSERT_TRUE(until([&] { return got.size() == 3; }));
  EXPECT_EQ(came, (std::vector<off_t>{-1, 7, 8}));
  EXPECT_EQ(pids, std::vector<int>(3, ::getpid())) << "who sent it is known beside them";
  EXPECT_EQ(open_files(), before);
}

TEST_F(PacketServerTest, TakesNoDescriptorsUnlessToldTo) {
  start();
  auto client = connect();
  ASSERT_TRUE(client.send("none"));
  ASSERT_TRUE(until([&] { return got.size() == 1; }));
  const auto before = open_files();
  send_files(client.fd(), {7, 8});
  ASSERT_TRUE(until([&] { return got.size() == 2; }));
  EXPECT_EQ(came, (std::vector<off_t>{-1, -1}));
  EXPECT_EQ(open_files(), before);
}

TEST_F(PacketServerTest, MarksAPacketThatIsTooLong) {
  start();
  auto client = connect();
  ASSERT_TRUE(client.send(std::string(5000, 'x')));
  ASSERT_TRUE(until([&] { return got.size() == 1; }));
  EXPECT_TRUE(cut);
  EXPECT_EQ(got[0].size(), 4096U);
}

TEST_F(PacketServerTest, TellsOfAnEndOnceWhoeverEndsIt) {
  start();
  {
    auto client = connect();
    ASSERT_TRUE(until([&] { return peers.size() == 1; }));
  }
  ASSERT_TRUE(until([&] { return closed == 1; }));
  auto client = connect();
  ASSERT_TRUE(client.send("bye"));
  ASSERT_TRUE(until([&] { return closed == 2; }));
  EXPECT_FALSE(client.receive(Millis(1000)));
  EXPECT_EQ(server->clients(), 0U);
}

TEST_F(PacketServerTest, RefusesOneClientTooMany) {
  start({.max_clients = 2});
  auto a = connect(), b = connect(), c = connect();
  ASSERT_TRUE(until([&] { return peers.size() == 2; }));
  loop.run_for(Millis(20));
  EXPECT_EQ(c.receive(Millis(1000)).error().code, Errc::unavailable);
  EXPECT_EQ(server->clients(), 2U);
}

TEST_F(PacketServerTest, ClosesAClientThatDoesNotRead) {
  start();
  auto deaf = connect();
  ASSERT_TRUE(until([&] { return peers.size() == 1; }));
  const std::string packet(4096, 'x');
  for (int i = 0; i < 10'000 && closed == 0; ++i) {
    server->send(last, packet);
    loop.run_for(Micros(1));
  }
  EXPECT_EQ(closed, 1);
}

TEST_F(PacketServerTest, TakesTheSocketOfADeadServerAndNotOfALiveOne) {
  start();
  const auto second = PacketServer::create(loop, path, 0660, {}, {});
  EXPECT_EQ(second.error().code, Errc::already_exists);
  const std::string moved = dir / "q.sock";
  ASSERT_EQ(::rename(path.c_str(), moved.c_str()), 0);
  server.reset();  // Its file stays, under the other name.
  EXPECT_TRUE(PacketServer::create(loop, moved, 0660, {}, {}));
  std::ofstream(path) << "a file";
  EXPECT_EQ(PacketServer::create(loop, path, 0660, {}, {}).error().code, Errc::already_exists);
}

}  // namespace
}  // namespace gk::net
