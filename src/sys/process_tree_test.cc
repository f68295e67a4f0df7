#include "sys/process_tree.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <map>
#include <new>

namespace gk::sys {
namespace {

constexpr int kRoot = 10, kParent = 11, kChild = 12, kStranger = 13;

// A machine on which kParent forks between the list of a walk and the reading of its state. Such a
// fork is on its way when the parent's stop arrives: it ends, and then the parent is stopped.
class ForksBehindTheList final : public ProcessView {
 public:
  std::vector<TreeMember> walk() override {
    std::vector<TreeMember> out{{kRoot, 1, 'S'}, {kStranger, 1, 'R'}};
    const auto listed = states_;
    if (stopping_) {
      states_[kParent] = 'T';
      states_.try_emplace(kChild, 'R');
      stopping_ = false;
    }
    for (const auto& [pid, state] : listed) {
      out.push_back({pid, pid == kParent ? kRoot : kParent, states_[pid]});
    }
    return out;
  }
  void send(int pid, int signal) override {
    EXPECT_NE(pid, kRoot);
    EXPECT_NE(pid, kStranger);
    if (signal == SIGSTOP && pid == kParent) {
      stopping_ = true;
    } else if (signal == SIGSTOP) {
      states_[pid] = 'T';
    } else {
      states_[pid] = 'Z';
    }
  }
  char state(int pid) { return states_[pid]; }

 private:
  std::map<int, char> states_{{kParent, 'R'}};
  bool stopping_ = false;
};

TEST(ProcessTree, StopsAndKillsAlsoWhoWasForkedBehindTheList) {
  ForksBehindTheList machine;
  EXPECT_EQ(kill_descendants(kRoot, machine), 2U);
  EXPECT_EQ(machine.state(kParent), 'Z');
  EXPECT_EQ(machine.state(kChild), 'Z');
}

TEST(ProcessTree, ControlOneQuietWalkLetsItRunOn) {
  ForksBehindTheList machine;
  EXPECT_EQ(kill_descendants(kRoot, machine, 1), 1U);
  EXPECT_EQ(machine.state(kChild), 'R');
}

// A parent in vfork waits, in state D and for ever, for a child that is stopped.
class WaitsInVfork final : public ProcessView {
 public:
  std::vector<TreeMember> walk() override {
    ++walks;
    return {{kRoot, 1, 'S'}, {kParent, kRoot, 'D'}, {kChild, kParent, 'T'}};
  }
  void send(int, int signal) override { killed += signal == SIGKILL ? 1 : 0; }
  int walks = 0, killed = 0;
};

TEST(ProcessTree, DoesNotWaitForAParentThatCannotStop) {
  WaitsInVfork machine;
  EXPECT_EQ(kill_descendants(kRoot, machine), 2U);
  EXPECT_EQ(machine.killed, 2);
  EXPECT_LE(machine.walks, 21);
}

// Processes that fork and end without pause, so that every list of them is old. They count their
// steps, and end by themselves when they are told and after kMostHops, so that a test which fails
// leaves none behind: each step is a dead child until somebody collects it. On a busy machine,
// ending them has been seen to take 4000 steps.
constexpr long kMostHops = 12'000;

struct Hoppers {
  std::atomic<long> hops{0};
  std::atomic<bool> enough{false};

  static Hoppers& shared() {
    void* memory =
        ::mmap(nullptr, sizeof(Hoppers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return *new (memory) Hoppers;
  }
  void start(int count) {
    for (int i = 0; i < count; ++i) {
      if (::fork() == 0) hop();
    }
    while (hops.load() < 20L * count) ::poll(nullptr, 0, 1);
  }
  [[noreturn]] void hop() {
    ::setsid();
    while (!enough.load() && ++hops < kMostHops) {
      if (::fork() > 0) break;
    }
    ::_exit(0);
  }
  // Whether one of them takes another step within 50 ms.
  bool run_on() const {
    const long before = hops.load();
    for (int i = 0; i < 50 && hops.load() == before; ++i) ::poll(nullptr, 0, 1);
    return hops.load() != before;
  }
};

enum Left : int { nobody = 0, somebody = 1, ended_by_themselves = 2 };

// In a process of its own: becomes a subreaper, starts hoppers, ends them by `end`.
Left left_after(void (*end)()) {
  Hoppers& hoppers = Hoppers::shared();
  const pid_t parent = ::fork();
  if (parent == 0) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    hoppers.start(8);
    end();
    const bool runs_on = hoppers.run_on(), at_end = hoppers.hops.load() >= kMostHops;
    hoppers.enough = true;
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
    ::_exit(runs_on ? somebody : at_end ? ended_by_themselves : nobody);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(parent, &status, 0), parent);
  EXPECT_TRUE(WIFEXITED(status));
  return static_cast<Left>(WEXITSTATUS(status));
}

TEST(ProcessTree, NobodyIsLeftWhenTheParentOfAllReturns) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(left_after(end_own_descendants), nobody);
}

TEST(ProcessTree, ControlTheyRunOnWhenNobodyEndsThem) {
  EXPECT_EQ(left_after([] {}), somebody);
}

}  // namespace
}  // namespace gk::sys
