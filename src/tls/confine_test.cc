#include "tls/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "tls/mutant_test.h"

namespace gk::tls {
namespace {

#ifndef GK_SANITIZED  // No filter there: a sanitizer makes system calls of its own.

/// 0: `body` did it; -SIGSYS: the filter ended it.
int in_child(bool confined, const std::function<bool()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (confined) (void)confine(16);
    ::_exit(body() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void expect_killed(const std::function<bool()>& body) {
  EXPECT_EQ(in_child(false, body), 0) << "the control: possible without it";
  EXPECT_EQ(in_child(true, body), -SIGSYS);
}

TEST(Confine, LeavesDescriptorsForThreeAClientAndSaysForHowMany) {
  const auto limit_is = [](rlim_t most) {
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    return now.rlim_cur == most && now.rlim_max == most;
  };
  EXPECT_EQ(in_child(false, [&] { return limit_descriptors(16) == 16 && limit_is(16 * 3 + 64); }),
            0);
  const auto with_at_most = [](rlim_t most, std::size_t wanted) {
    const rlimit less{most, most};
    return ::setrlimit(RLIMIT_NOFILE, &less) == 0 ? limit_descriptors(wanted) : 0;
  };
  EXPECT_EQ(in_child(false, [&] { return with_at_most(1'024, 1'024) == 320; }), 0);
  EXPECT_EQ(in_child(false, [&] { return with_at_most(1'024, 320) == 320 && limit_is(1'024); }), 0);
  EXPECT_EQ(in_child(false, [&] { return with_at_most(32, 1'024) == 1; }), 0) << "never none";
}

TEST(Confine, OpensNoFile) {
  expect_killed([] { return ::open("/etc/passwd", O_RDONLY) >= 0; });
}

TEST(Confine, MakesNoSocketThatReachesFurther) {
  expect_killed([] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; });
  expect_killed([] { return ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0; });
}

TEST(Confine, RunsNoProgramAndForksNot) {
  expect_killed([] {
    ::execl("/bin/true", "true", nullptr);
    return false;
  });
  expect_killed([] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    return child > 0;
  });
}

TEST(Confine, SignalsNobody) {
  expect_killed([] { return ::kill(::getppid(), 0) == 0; });
}

TEST(Confine, StillMakesPairsAndMemory) {
  const auto body = [] {
    int ends[2];
    return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0 &&
           std::string(1'000'000, 'x').size() == 1'000'000;
  };
  EXPECT_EQ(in_child(true, body), 0);
}

#endif

}  // namespace
}  // namespace gk::tls
