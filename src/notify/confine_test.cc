#include "notify/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "testing/temp_dir.h"

namespace gk::notify {
namespace {

/// The exit code of `body` in a child; `confined` first, or not: the negative control.
int in_child(bool confined, const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (confined) (void)confine("");
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int opens(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags, 0600);
  return fd < 0 ? 1 : 0;
}

class ConfineTest : public testing::Test {
 protected:
  void SetUp() override {
    secret = dir / "state.db";
    ASSERT_EQ(opens(secret, O_CREAT | O_WRONLY), 0);
  }
  /// 0 without confinement, and not with it.
  static void expect_refused(const std::function<int()>& body) {
    EXPECT_EQ(in_child(false, body), 0) << "the control: possible without it";
    EXPECT_NE(in_child(true, body), 0);
  }
  TempDir dir;
  std::string secret;
};

TEST_F(ConfineTest, ReadsNoFileOfTheDaemon) {
  expect_refused([&] { return opens(secret, O_RDONLY); });
  expect_refused([] { return opens("/etc/passwd", O_RDONLY); });
}

TEST_F(ConfineTest, WritesAndMakesNoFile) {
  expect_refused([&] { return opens(secret, O_WRONLY); });
  expect_refused([&] { return opens(dir / "new", O_CREAT | O_WRONLY); });
}

TEST_F(ConfineTest, RunsNoProgram) {
  expect_refused([] {
    ::execl("/bin/true", "true", nullptr);
    return 1;
  });
}

TEST_F(ConfineTest, ServesNobodyAndSignalsNobody) {
  expect_refused([] {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    return ::listen(fd, 1) == 0 ? 0 : 1;
  });
  expect_refused([] { return ::kill(::getppid(), 0) == 0 ? 0 : 1; });
}

TEST_F(ConfineTest, StillReadsCertificates) {
  EXPECT_EQ(in_child(true, [] { return opens("/etc/ssl/certs", O_RDONLY | O_DIRECTORY); }), 0);
}

}  // namespace
}  // namespace gk::notify
