#include "tls/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <functional>

#include "tls/mutant_test.h"
#include "tls/rules/frames.h"

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

/// As a unit of systemd does whose list of system calls has no seccomp(2).
bool refuse_seccomp_call() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{4, code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 &&
         ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, nullptr) != 0 && errno == EPERM;
}

TEST(Confine, HoldsWhereTheSystemCallForItIsRefused) {
  const auto says_so = [] { return refuse_seccomp_call() && confine(16) == kConfined; };
  EXPECT_EQ(in_child(false, says_so), 0);
  const auto opens = [] { return ::open("/etc/passwd", O_RDONLY) >= 0; };
  EXPECT_EQ(in_child(false, [&] { return refuse_seccomp_call() && opens(); }), 0) << "the control";
  EXPECT_EQ(in_child(false,
                     [&] {
                       if (refuse_seccomp_call()) (void)confine(16);
                       return opens();
                     }),
            -SIGSYS);
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
