#include "sys/hasten_end.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <string>

#include "sys/files.h"

namespace gk::sys {
namespace {

/// Threads of `pid`: one; ThreadSanitizer starts one more, sooner or later.
std::size_t threads_of(pid_t pid) {
  std::filesystem::directory_iterator tasks("/proc/" + std::to_string(pid) + "/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

TEST(HastenEnd, RaisesAProcessAndKillsItsChildren) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) ::pause();
    }
    (void)!::write(ready[1], &child, sizeof child);
    for (;;) ::pause();
  }
  pid_t child = 0;
  ASSERT_EQ(::read(ready[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  const Fd child_end(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  ASSERT_TRUE(child_end);
  const std::size_t before = threads_of(parent) + threads_of(child);
  const bool allowed = ::setpriority(PRIO_PROCESS, static_cast<id_t>(parent), -1) == 0;
  const std::size_t raised = hasten_end(parent);
  const int priorities[2] = {::getpriority(PRIO_PROCESS, static_cast<id_t>(parent)),
                             ::getpriority(PRIO_PROCESS, static_cast<id_t>(child))};
  pollfd ended{child_end.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 5'000), 1) << "the child lives on until its parent is gone";
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_GE(raised, allowed ? before : 0U);
  EXPECT_LE(raised, allowed ? before + 2 : 0U);  // One more each under ThreadSanitizer.
  EXPECT_EQ(priorities[0], allowed ? -20 : 0);
  EXPECT_EQ(priorities[1], allowed ? -20 : 0);
}

TEST(HastenEnd, DoesNothingForAProcessThatIsGone) { EXPECT_EQ(hasten_end(0x7ffffff0), 0U); }

}  // namespace
}  // namespace gk::sys
