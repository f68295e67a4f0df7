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

TEST(SocketChild, HasNothingElseOpen) {
  const Fd secret(::open("/etc/hostname", 0));  // Without close-on-exec, as a careless library may.
  auto child =
      spawn_socket_child({"/bin/sh", "-c",
                          "cd /proc/$$/fd; for f in *; do case $f in [0-3]|10) ;; *) echo $f >&3;; "
                          "esac; done; env >&3; echo end >&3"},
                         {"ONLY=this"});
  ASSERT_TRUE(child);
  std::string all;
  while (all.find("end\n") == std::string::npos && readable(child->socket.get())) {
    char text[256];
    const ssize_t n = ::recv(child->socket.get(), text, sizeof text, 0);
    if (n <= 0) break;
    all.append(text, static_cast<std::size_t>(n));
  }
  EXPECT_TRUE(all.starts_with("ONLY=this") || all.starts_with("PWD=")) << all;
}

TEST(SocketChild, SaysWhenThereIsNoSuchProgram) {
  EXPECT_EQ(spawn_socket_child({"/no/such/helper"}, {}).error().code, Errc::not_found);
}

}  // namespace
}  // namespace gk::sys
