#include "sys/service_notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "testing/temp_dir.h"

namespace gk::sys {
namespace {

/// What the service manager is: a datagram socket. "@name" is abstract.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size), 0)
        << std::strerror(errno);
  }
  /// The next message; "" when there is none.
  std::string next() const {
    char text[512];
    const ssize_t n = ::recv(fd_.get(), text, sizeof text, MSG_DONTWAIT);
    return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : "";
  }

 private:
  Fd fd_;
};

/// Sets the variables of a service and clears them at the end.
class Environment {
 public:
  Environment(const std::string& socket, const char* usec, const char* pid) {
    set("NOTIFY_SOCKET", socket.c_str());
    set("WATCHDOG_USEC", usec);
    set("WATCHDOG_PID", pid);
  }
  ~Environment() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  static void set(const char* name, const char* value) {
    if (value != nullptr) ::setenv(name, value, 1);
  }
};

std::string own_pid() { return std::to_string(::getpid()); }

TEST(ServiceNotify, SendsReadyAliveAndStoppingAsOneDatagramEach) {
  const TempDir dir;
  const Manager manager(dir / "notify");
  const ServiceNotify notify(dir / "notify", Seconds(10));
  EXPECT_TRUE(notify.ready("serves http://127.0.0.1:5000").ok());
  notify.alive();
  notify.stopping();
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=serves http://127.0.0.1:5000");
  EXPECT_EQ(manager.next(), "WATCHDOG=1");
  EXPECT_EQ(manager.next(), "STOPPING=1");
  EXPECT_EQ(manager.next(), "");
}

TEST(ServiceNotify, KnowsTheAbstractNamespace) {
  const std::string name = "@gamekeeper-test-" + own_pid();
  const Manager manager(name);
  EXPECT_TRUE(ServiceNotify(name, Nanos(0)).ready("up").ok());
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=up");
}

TEST(ServiceNotify, IsAliveTwiceInTheManagersPatience) {
  EXPECT_EQ(ServiceNotify("@nobody", Seconds(30)).alive_period(), Nanos(Seconds(15)));
}

TEST(ServiceNotify, DoesNothingWithoutAManager) {
  const ServiceNotify notify("", Seconds(30));
  EXPECT_EQ(notify.alive_period(), Nanos(0));
  EXPECT_TRUE(notify.ready("up").ok());
}

TEST(ServiceNotify, SaysThatNobodyListens) {
  const auto sent = ServiceNotify("/nonexistent/notify", Nanos(0)).ready("up");
  ASSERT_FALSE(sent.ok());
  EXPECT_NE(sent.error().message.find("/nonexistent/notify"), std::string::npos);
  EXPECT_FALSE(ServiceNotify(std::string(200, 'x'), Nanos(0)).ready("up").ok());
}

TEST(ServiceNotifyEnvironment, GivesSocketAndPeriodAndIsEmptyAfterwards) {
  const Environment environment("@nobody", "3000000", own_pid().c_str());
  EXPECT_EQ(ServiceNotify::from_environment().alive_period(), Nanos(Millis(1500)));
  EXPECT_EQ(::getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_EQ(::getenv("WATCHDOG_USEC"), nullptr);
}

TEST(ServiceNotifyEnvironment, OfAnotherProcessAsksForNoLife) {
  const Environment environment("@nobody", "3000000", "1");
  EXPECT_EQ(ServiceNotify::from_environment().alive_period(), Nanos(0));
}

TEST(ServiceNotifyEnvironment, WithNonsenseAsksForNoLife) {
  const Environment environment("@nobody", "3s", nullptr);
  EXPECT_EQ(ServiceNotify::from_environment().alive_period(), Nanos(0));
}

}  // namespace
}  // namespace gk::sys
