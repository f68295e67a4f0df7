#include "sys/socket_child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gk::sys {
namespace {

bool readable(int fd) {
  pollfd p{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&p, 1, 10'000) == 1;
}

TEST(SocketChild, TalksOverDescriptor3AndEndsWithTheSocket) {
  auto child = spawn_socket_child(
      {"/bin/sh", "-c", "read line <&3; echo \"got $line\" >&3; cat <&3"}, {"PATH=/bin"});
  ASSERT_TRUE(child);
  ASSERT_EQ(::send(child->socket.get(), "hello\n", 6, MSG_NOSIGNAL), 6);
  ASSERT_TRUE(readable(child->socket.get()));
  char text[32] = {};
  ASSERT_GT(::recv(child->socket.get(), text, sizeof text, 0), 0);
  EXPECT_STREQ(text, "got hello\n");
  child->socket.reset();
  ASSERT_TRUE(readable(child->process.fd())) << "it ends by itself";
  EXPECT_TRUE(child->process.try_reap());
}

std::string everything_from(const SocketChild& child) {
  std::string all;
  while (readable(child.socket.get())) {
    char text[256];
    const ssize_t n = ::recv(child.socket.get(), text, sizeof text, 0);
    if (n <= 0) break;
    all.append(text, static_cast<std::size_t>(n));
  }
  return all;
}

TEST(SocketChild, InheritsNoOtherDescriptor) {
  // Without close-on-exec, as a careless library may leave it.
  const Fd file(::open("/etc/hostname", O_RDONLY));
  const Fd leaked(::fcntl(file.get(), F_DUPFD, 60));
  ASSERT_GE(leaked.get(), 60);
  const auto child = spawn_socket_child(
      {"/bin/sh", "-c",
       "for f in 0 3 " + std::to_string(leaked.get()) +
           "; do test -e /proc/$$/fd/$f && echo open $f >&3 || echo closed $f >&3; done"},
      {});
  ASSERT_TRUE(child);
  EXPECT_EQ(everything_from(*child),
            "open 0\nopen 3\nclosed " + std::to_string(leaked.get()) + "\n");
}

TEST(SocketChild, InheritsNoOtherVariable) {
  ASSERT_EQ(::setenv("GK_SECRET_OF_PARENT", "x", 1), 0);
  const auto child = spawn_socket_child({"/bin/sh", "-c", "echo \"$ONLY$GK_SECRET_OF_PARENT\" >&3"},
                                        {"ONLY=this"});
  ASSERT_TRUE(child);
  EXPECT_EQ(everything_from(*child), "this\n");
}

TEST(SocketChild, SaysWhenThereIsNoSuchProgram) {
  EXPECT_EQ(spawn_socket_child({"/no/such/helper"}, {}).error().code, Errc::not_found);
}

}  // namespace
}  // namespace gk::sys
