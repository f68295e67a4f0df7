#include "sys/datagram.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "testing/temp_dir.h"

namespace gk::sys {
namespace {

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// What is waiting, as texts.
std::vector<std::string> texts(DatagramSocket& socket, std::vector<DatagramPeer>* peers = nullptr) {
  std::vector<std::string> out;
  for (const Datagram& d : socket.receive()) {
    out.emplace_back(d.bytes.begin(), d.bytes.end());
    if (peers != nullptr) peers->push_back(d.peer);
  }
  return out;
}

/// The peer of a bound socket, as a sender would name it.
DatagramPeer peer_of_path(const std::string& path) {
  DatagramPeer peer;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  std::memcpy(peer.address.data(), &address, sizeof address);
  peer.address_size = sizeof address;
  return peer;
}

TEST(DatagramSocket, ReadsManyDatagramsInOneCallAndAnswersTheirSender) {
  auto server = DatagramSocket::open_udp("127.0.0.1:0").value();
  auto client = DatagramSocket::open_udp("127.0.0.1:0").value();
  DatagramPeer to;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string bound = server.address();
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(bound.substr(bound.rfind(':') + 1))));
  std::memcpy(to.address.data(), &address, sizeof address);
  to.address_size = sizeof address;
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(client.send(to, bytes_of(std::to_string(i))));
  std::vector<DatagramPeer> peers;
  EXPECT_EQ(texts(server, &peers).size(), DatagramSocket::kBatch);
  EXPECT_EQ(texts(server).size(), 40 - DatagramSocket::kBatch);
  EXPECT_TRUE(texts(server).empty()) << "nothing waits";
  EXPECT_EQ(peers.at(0).text(), "127.0.0.1");
  EXPECT_FALSE(peers.at(0).uid.has_value());
  ASSERT_TRUE(server.send(peers.at(0), bytes_of("answer")));
  EXPECT_EQ(texts(client), std::vector<std::string>{"answer"});
}

TEST(DatagramSocket, NamesTheUidBehindAUnixDatagramAndKeepsTheFilePrivate) {
  const TempDir dir;
  auto server = DatagramSocket::open_unix(dir / "s", 0660).value();
  auto client = DatagramSocket::open_unix(dir / "c", 0600).value();
  struct stat info{};
  ASSERT_EQ(::stat((dir / "s").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0660U);
  ASSERT_TRUE(client.send(peer_of_path(dir / "s"), bytes_of("hello")));
  std::vector<DatagramPeer> peers;
  EXPECT_EQ(texts(server, &peers), std::vector<std::string>{"hello"});
  EXPECT_EQ(peers.at(0).uid, ::getuid());
  EXPECT_EQ(peers.at(0).text(), dir / "c");
  EXPECT_TRUE(server.send(peers.at(0), bytes_of("back")));
}

TEST(DatagramSocket, KnowsThatASenderWithoutAPathCannotBeAnswered) {
  const TempDir dir;
  auto server = DatagramSocket::open_unix(dir / "s", 0600).value();
  const Fd nameless(::socket(AF_UNIX, SOCK_DGRAM, 0));
  const auto to = peer_of_path(dir / "s");
  ASSERT_EQ(::sendto(nameless.get(), "x", 1, 0,
                     reinterpret_cast<const sockaddr*>(to.address.data()), to.address_size),
            1);
  std::vector<DatagramPeer> peers;
  ASSERT_EQ(texts(server, &peers).size(), 1U);
  EXPECT_FALSE(peers[0].can_be_answered());
  EXPECT_EQ(peers[0].text(), "pid:" + std::to_string(::getpid()));
  EXPECT_FALSE(server.send(peers[0], bytes_of("x")));
}

TEST(DatagramSocket, ReplacesAStaleSocketFileAndNothingElse) {
  const TempDir dir;
  {
    const auto gone = DatagramSocket::open_unix(dir / "s", 0600).value();
  }
  auto again = DatagramSocket::open_unix(dir / "s", 0600);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(DatagramSocket::open_unix(dir / "s", 0600).error().code, Errc::already_exists);
  ASSERT_TRUE(replace_file(dir / "file", "precious"));
  EXPECT_EQ(DatagramSocket::open_unix(dir / "file", 0600).error().code, Errc::already_exists);
  EXPECT_EQ(DatagramSocket::open_unix(std::string(200, 'x'), 0600).error().code,
            Errc::invalid_argument);
}

TEST(DatagramSocket, SaysWhatIsWrongWithAnAddress) {
  for (const char* bad : {"", "localhost", "localhost:99x", "1.2.3.4", "no.such.host:1"}) {
    EXPECT_EQ(DatagramSocket::open_udp(bad).error().code, Errc::invalid_argument) << bad;
  }
  const auto first = DatagramSocket::open_udp("127.0.0.1:0").value();
  EXPECT_EQ(DatagramSocket::open_udp(first.address()).error().code, Errc::already_exists);
}

}  // namespace
}  // namespace gk::sys
