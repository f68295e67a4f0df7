#include "sys/proc_tree.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/clock.h"
#include "testing/temp_dir.h"

namespace gk::sys {
namespace {

/// Burns `time` of this process's own CPU.
void burn(Nanos time) {
  timespec t{};
  do {
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  } while (Seconds(t.tv_sec) + Nanos(t.tv_nsec) < time);
}

/// A forked process that runs `body` when let go and then waits to be killed. The pipes make the
/// test wait for events, never for time.
class Child {
 public:
  explicit Child(const std::function<void()>& body) {
    EXPECT_EQ(::pipe(go_), 0);
    EXPECT_EQ(::pipe(done_), 0);
    pid_ = ::fork();
    group_ = pid_;
    if (pid_ != 0) {
      ::setpgid(pid_, pid_);
      return;
    }
    ::setpgid(0, 0);
    char byte = 0;
    (void)!::read(go_[0], &byte, 1);
    body();
    (void)!::write(done_[1], "x", 1);
    (void)!::read(go_[0], &byte, 1);
    ::_exit(0);
  }
  ~Child() {
    ::kill(-group_, SIGKILL);  // Also its orphans.
    end();
    for (const int fd : {go_[0], go_[1], done_[0], done_[1]}) ::close(fd);
  }
  void run() {
    char byte = 0;
    (void)!::write(go_[1], "g", 1);
    (void)!::read(done_[0], &byte, 1);
  }
  void end() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    pid_ = -1;
  }
  int pid() const { return pid_; }

 private:
  int pid_ = -1, group_ = -1;
  int go_[2] = {-1, -1}, done_[2] = {-1, -1};
};

TreeUsage read_round(ProcContext& context, ProcTree& tree) {
  context.begin_round(0);
  return tree.read().value();
}

TEST(ProcTreeTest, SaysNotFoundForAProcessThatDoesNotExist) {
  ProcContext context({});
  ProcTree tree(context, 0x7ffffff0);
  context.begin_round(0);
  EXPECT_EQ(tree.read().error().code, Errc::not_found);
  EXPECT_EQ(context.held(), 0U);
}

TEST(ProcTreeTest, MeasuresTheCpuTimeOfABusyChild) {
  Child child([] { burn(Millis(200)); });
  ProcContext context({});
  ProcTree tree(context, child.pid());
  EXPECT_EQ(read_round(context, tree).run, Nanos(0)) << "times count from the first reading";
  child.run();
  const TreeUsage after = read_round(context, tree);
  EXPECT_TRUE(after.alive);
  EXPECT_GE(after.run, Millis(180));
  EXPECT_LE(after.run, Millis(260));
  EXPECT_GT(after.rss_bytes, 100'000U);
}

TEST(ProcTreeTest, DemandOfACompetedChildIsRunPlusWaitAndCoversTheWallTime) {
  // Three spinners a core compete, so our child gets a third or less, and waits the rest.
  const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
  std::vector<pid_t> rivals;
  for (long i = 0; i < 3 * cores; ++i) {
    rivals.push_back(::fork());
    if (rivals.back() == 0) {
      burn(Seconds(60));
      ::_exit(0);
    }
  }
  Child child([] { burn(Millis(200)); });
  ProcContext context({});
  ProcTree tree(context, child.pid());
  const SystemClock clock;
  (void)read_round(context, tree);
  const MonoTime start = clock.mono();
  child.run();
  const Nanos wall = clock.mono() - start;
  const TreeUsage used = read_round(context, tree);
  for (const pid_t rival : rivals) {
    ::kill(rival, SIGKILL);
    ::waitpid(rival, nullptr, 0);
  }
  const double demand =
      static_cast<double>((used.run + used.wait).count()) / static_cast<double>(wall.count());
  const double share = static_cast<double>(used.run.count()) / static_cast<double>(wall.count());
  EXPECT_GT(demand, 0.7) << "it wanted a whole core all the time";
#ifndef GK_SANITIZED  // ThreadSanitizer's own thread in the child wants time too.
  EXPECT_LT(demand, 1.1);
#endif
  EXPECT_LT(share, 0.7) << "and got far less";
}

TEST(ProcTreeTest, FindsGrandchildrenAndKeepsTheirTimeWhenTheyEnd) {
  Child child([] {
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      burn(Millis(100));
      ::pause();
    }
    // Wait until it has burnt: its own CPU clock says so.
    clockid_t clock{};
    timespec t{};
    ::clock_getcpuclockid(grandchild, &clock);
    do {
      ::clock_gettime(clock, &t);
    } while (t.tv_nsec < 100'000'000 && t.tv_sec == 0);
  });
  ProcContext context({});
  ProcTree tree(context, child.pid());
  (void)read_round(context, tree);
  child.run();
  const TreeUsage both = read_round(context, tree);
  EXPECT_EQ(both.processes, 2U);
  EXPECT_GE(both.run, Millis(100));
  child.end();
  const TreeUsage orphaned = read_round(context, tree);
  EXPECT_TRUE(orphaned.alive) << "the grandchild lives on under init";
  EXPECT_GE(orphaned.run, both.run);
}

TEST(ProcTreeTest, CountsChildrenThatLivedAndDiedBetweenTwoReadings) {
  Child child([] {
    for (int i = 0; i < 4; ++i) {
      const pid_t brief = ::fork();
      if (brief == 0) {
        burn(Millis(50));
        ::_exit(0);
      }
      ::waitpid(brief, nullptr, 0);
    }
  });
  ProcContext context({});
  ProcTree tree(context, child.pid());
  (void)read_round(context, tree);
  child.run();
  const TreeUsage after = read_round(context, tree);
  EXPECT_EQ(after.processes, 1U);
  EXPECT_GE(after.run, Millis(140)) << "4 times 50 ms, less at most 10 ms each in the ticks";
}

TEST(ProcTreeTest, IsNotAliveAfterTheLastProcessEndedAndItsTimesStay) {
  Child child([] { burn(Millis(50)); });
  ProcContext context({});
  ProcTree tree(context, child.pid());
  (void)read_round(context, tree);
  child.run();
  const TreeUsage before = read_round(context, tree);
  child.end();
  const TreeUsage after = read_round(context, tree);
  EXPECT_FALSE(after.alive);
  EXPECT_EQ(after.processes, 0U);
  EXPECT_GE(after.run, before.run);
  EXPECT_EQ(context.held(), 0U) << "descriptors of the dead are closed";
}

TEST(ProcTreeTest, SkipsTheSearchWhenNobodyWasBorn) {
  Child child([] {
    if (::fork() == 0) ::pause();
  });
  ProcContext context({});
  ProcTree tree(context, child.pid());
  context.begin_round(100);
  (void)tree.read();
  child.run();
  context.begin_round(100);
  EXPECT_EQ(tree.read()->processes, 1U);
  context.begin_round(101);
  EXPECT_EQ(tree.read()->processes, 2U);
}

TEST(ProcTreeTest, MeasuresTheSameWithoutHeldFiles) {
  Child child([] { burn(Millis(100)); });
  ProcContext context({.max_held_files = 0});
  ProcTree tree(context, child.pid());
  (void)read_round(context, tree);
  child.run();
  EXPECT_GE(read_round(context, tree).run, Millis(90));
  EXPECT_EQ(context.held(), 0U);
  child.end();
  EXPECT_FALSE(read_round(context, tree).alive);
}

/// A /proc made of plain files.
class FakeProc {
 public:
  void process(int pid, int parent, std::string_view run_ns, std::string_view start = "100") {
    const auto task = dir_.path() / "proc" / std::to_string(pid) / "task" / std::to_string(pid);
    std::filesystem::create_directories(task);
    const auto top = dir_.path() / "proc" / std::to_string(pid);
    std::ofstream(top / "stat") << pid << " (fake) S " << parent
                                << " 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " << start
                                << " 4096 10 0\n";
    std::ofstream(top / "statm") << "100 10 5 1 0 1 0\n";
    std::ofstream(task / "schedstat") << run_ns << " 0 1\n";
  }
  void remove(int pid) { std::filesystem::remove_all(dir_.path() / "proc" / std::to_string(pid)); }
  ProcLimits limits() const { return {.root = dir_.path().string() + "/", .max_held_files = 0}; }

 private:
  TempDir dir_;
};

TEST(ProcTreeTest, ScansProcWhereTheKernelHasNoChildrenFiles) {
  FakeProc proc;
  proc.process(10, 1, "1000");
  proc.process(11, 10, "2000");
  proc.process(12, 11, "3000");
  proc.process(20, 1, "9000");
  ProcContext context(proc.limits());
  ProcTree tree(context, 10);
  const TreeUsage usage = read_round(context, tree);
  EXPECT_FALSE(context.uses_children_files());
  EXPECT_EQ(usage.processes, 3U);
}

TEST(ProcTreeTest, TakesAReusedPidForAnEndedProcess) {
  FakeProc proc;
  proc.process(10, 1, "5000");
  ProcContext context(proc.limits());
  ProcTree tree(context, 10);
  EXPECT_TRUE(read_round(context, tree).alive);
  proc.process(10, 1, "7000000", "200");
  const TreeUsage usage = read_round(context, tree);
  EXPECT_FALSE(usage.alive);
  EXPECT_EQ(usage.run, Nanos(0));
}

TEST(ProcTreeTest, StopsAtTheProcessLimitAndSaysSo) {
  FakeProc proc;
  for (int pid = 10; pid < 20; ++pid) proc.process(pid, pid == 10 ? 1 : 10, "1");
  ProcLimits limits = proc.limits();
  limits.max_processes = 4;
  ProcContext context(limits);
  ProcTree tree(context, 10);
  const TreeUsage usage = read_round(context, tree);
  EXPECT_EQ(usage.processes, 4U);
  EXPECT_TRUE(usage.truncated);
}

}  // namespace
}  // namespace gk::sys
