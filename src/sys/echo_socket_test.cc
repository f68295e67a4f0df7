#include "sys/echo_socket.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <fstream>
#include <thread>

namespace gk::sys {
namespace {

bool wait_for_answer(const EchoSocket& socket) {
  pollfd wait{.fd = socket.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&wait, 1, 2000) == 1;
}

/// Moves this thread into a network of its own, whose loopback is up and whose users may have ping
/// sockets; false where that is not allowed.
bool enter_own_network() {
  if (::unshare(CLONE_NEWNET) != 0) return false;
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  const Fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!any || ::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) return false;
  std::ofstream range("/proc/sys/net/ipv4/ping_group_range");
  return static_cast<bool>(range << "0 2147483647" << std::flush);
}

void expect_an_echo() {
  auto socket = EchoSocket::open("127.0.0.1");
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_FALSE(socket->answer()) << "nobody asked";
  ASSERT_TRUE(socket->ask(0x1234));
  ASSERT_TRUE(wait_for_answer(*socket));
  EXPECT_EQ(socket->answer(), 0x1234);
  EXPECT_FALSE(socket->answer()) << "only one answer";
}

TEST(EchoSocket, BringsBackTheSequenceThatWasAsked) {
  bool own = false;
  std::thread([&own] {
    own = enter_own_network();
    if (own) expect_an_echo();
  }).join();
  if (!own) GTEST_SKIP() << "no network of its own: not root, or not allowed here";
}

TEST(EchoSocket, SaysThatTheSystemKeepsEchoesFromThisUser) {
  std::thread([] {
    if (!enter_own_network()) return;
    std::ofstream("/proc/sys/net/ipv4/ping_group_range") << "1 0" << std::flush;
    const auto socket = EchoSocket::open("127.0.0.1");
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, Errc::permission_denied);
  }).join();
}

TEST(EchoSocket, RefusesWhatIsNoAddress) {
  const auto socket = EchoSocket::open("example.org");
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace gk::sys
