#include "sys/packet_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testing/send_descriptors.h"

#include "testing/no_descriptors.h"

namespace gk::sys {
namespace {

class PacketSocketTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    one = PacketSocket(Fd(ends[0]));
    two = PacketSocket(Fd(ends[1]));
  }
  PacketSocket one, two;
};

TEST_F(PacketSocketTest, KeepsPacketsApartAndSaysWhenThereIsNone) {
  EXPECT_FALSE(two.receive());
  EXPECT_FALSE(two.closed());
  ASSERT_EQ(one.send("a"), PacketSocket::Sent::yes);
  ASSERT_EQ(one.send("bc"), PacketSocket::Sent::yes);
  EXPECT_EQ(two.receive()->text, "a");
  EXPECT_EQ(two.receive()->text, "bc");
}

TEST_F(PacketSocketTest, HandsADescriptorOverThatNoProgramInherits) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
  const Fd reader(pipe_ends[0]), writer(pipe_ends[1]);
  ASSERT_EQ(one.send("pipe", writer.get()), PacketSocket::Sent::yes);
  const auto packet = two.receive();
  ASSERT_TRUE(packet && packet->fd);
  EXPECT_EQ(::fcntl(packet->fd.get(), F_GETFD), FD_CLOEXEC);
  ASSERT_EQ(::write(packet->fd.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 1);
}

TEST_F(PacketSocketTest, ClosesWhatIsOverOne) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK), 0);
  const Fd reader(pipe_ends[0]);
  Fd writer(pipe_ends[1]);
  // Two copies of the writing end in one packet: the reader sees its end only when all are closed.
  ASSERT_EQ(send_descriptors(one.fd(), "two", {writer.get(), writer.get()}), 3);
  writer.reset();
  auto packet = two.receive();
  ASSERT_TRUE(packet && packet->fd);
  packet->fd.reset();
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0) << "a copy is still open";
}

TEST_F(PacketSocketTest, SaysWhenItCouldNotTakeADescriptor) {
  const Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(one.send("lost", file.get()), PacketSocket::Sent::yes);
  ASSERT_EQ(one.send("none"), PacketSocket::Sent::yes);
  ASSERT_EQ(one.send("kept", file.get()), PacketSocket::Sent::yes);
  std::optional<PacketSocket::Packet> lost, plain;
  {
    const NoDescriptors none;
    lost = two.receive();
    plain = two.receive();
  }
  const auto kept = two.receive();
  ASSERT_TRUE(lost && plain && kept);
  EXPECT_TRUE(lost->fd_lost);
  EXPECT_FALSE(lost->fd);
  EXPECT_EQ(lost->text, "lost");
  EXPECT_FALSE(plain->fd_lost);
  EXPECT_FALSE(kept->fd_lost);
  EXPECT_TRUE(kept->fd);
}

TEST_F(PacketSocketTest, IsFullUntilTheOtherSideReads) {
  const std::string packet(1024, 'x');
  int sent = 0;
  while (sent < 100'000 && one.send(packet) == PacketSocket::Sent::yes) ++sent;
  EXPECT_EQ(one.send(packet), PacketSocket::Sent::full);
  ASSERT_TRUE(two.receive());
  EXPECT_EQ(one.send(packet), PacketSocket::Sent::yes);
}

TEST_F(PacketSocketTest, IsClosedAndLostWithTheOtherSide) {
  one = PacketSocket();
  EXPECT_FALSE(two.receive());
  EXPECT_TRUE(two.closed());
  EXPECT_EQ(two.send("x"), PacketSocket::Sent::lost);
}

}  // namespace
}  // namespace gk::sys
