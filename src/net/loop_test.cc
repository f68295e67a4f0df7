#include "net/loop.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/clock.h"

namespace gk::net {
namespace {

using std::chrono::milliseconds;
constexpr Nanos kLong = Seconds(10);

class LoopTest : public testing::Test {
 protected:
  bool until(const std::function<bool()>& done) { return loop.run_until(done, kLong); }
  Loop loop;
};

TEST_F(LoopTest, RunsPostedTasksInOrder) {
  std::vector<int> seen;
  for (int i = 0; i < 3; ++i) loop.post([&seen, i] { seen.push_back(i); });
  EXPECT_TRUE(until([&] { return seen.size() == 3; }));
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2}));
}

TEST_F(LoopTest, RunsWhatATaskPosts) {
  int depth = 0;
  loop.post([&] { loop.post([&] { depth = 2; }); });
  EXPECT_TRUE(until([&] { return depth == 2; }));
}

TEST_F(LoopTest, RunsEveryTaskOfManyThreadsInEachOnesOrder) {
  constexpr int kThreads = 4, kTasks = 2000;
  std::vector<int> last(kThreads, -1);
  int ran = 0;
  bool ordered = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        loop.post([&, t, i] {
          const auto at = static_cast<std::size_t>(t);
          ordered = ordered && last[at] == i - 1;
          last[at] = i;
          ++ran;
        });
      }
    });
  }
  EXPECT_TRUE(until([&] { return ran == kThreads * kTasks; }));
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(ordered);
}

TEST_F(LoopTest, FreesATaskBeforeTheNextRuns) {
  auto held = std::make_shared<int>(1);
  bool freed = false;
  loop.post([held] {});
  loop.post([&, weak = std::weak_ptr<int>(held)] { freed = weak.expired(); });
  held.reset();
  EXPECT_TRUE(until([&] { return freed; }));
}

TEST_F(LoopTest, StopBeforeRunMakesRunReturnAndIsThenForgotten) {
  loop.stop();
  loop.run();
  bool ran = false;
  loop.post([&] { ran = true; });
  EXPECT_TRUE(until([&] { return ran; }));
}

TEST_F(LoopTest, StopFromAnotherThreadEndsRun) {
  std::thread other([&] { loop.stop(); });
  loop.run();
  other.join();
}

TEST_F(LoopTest, KnowsItsThread) {
  EXPECT_TRUE(loop.in_loop_thread());
  bool elsewhere = true;
  std::thread([&] { elsewhere = loop.in_loop_thread(); }).join();
  EXPECT_FALSE(elsewhere);
  std::thread([&] { loop.run_for(Nanos(0)); }).join();
  EXPECT_FALSE(loop.in_loop_thread());
}

TEST_F(LoopTest, TaskThatNeverRanMayPostWhenItIsFreed) {
  struct PostsAtItsEnd {
    Loop& loop;
    ~PostsAtItsEnd() {
      loop.post([] {});
    }
  };
  auto own = std::make_unique<Loop>();
  own->post([held = std::make_shared<PostsAtItsEnd>(*own)] {});
  own.reset();
}

TEST_F(LoopTest, TimerFiresOnceAndThenIsInactive) {
  int fired = 0;
  const Handle timer = loop.after(milliseconds(1), [&] { ++fired; });
  EXPECT_TRUE(timer.active());
  EXPECT_TRUE(until([&] { return fired == 1; }));
  EXPECT_FALSE(timer.active());
}

TEST_F(LoopTest, CancelledTimerDoesNotFireEvenWhenDue) {
  int fired = 0;
  Handle second;
  // Both are due at the same step; the first cancels the second.
  const Handle first = loop.after(Nanos(0), [&] {
    ++fired;
    second.cancel();
  });
  second = loop.after(Nanos(0), [&] { fired += 100; });
  loop.run_for(milliseconds(5));
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(second.active());
}

TEST_F(LoopTest, DestroyedHandleFreesItsTask) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> weak = held;
  {
    const Handle timer = loop.after(kLong, [held = std::move(held)] {});
  }
  EXPECT_TRUE(weak.expired());
}

TEST_F(LoopTest, TaskMayDestroyItsOwnHandle) {
  auto timer = std::make_unique<Handle>();
  int fired = 0;
  std::string alive = "captured";
  *timer = loop.every(milliseconds(1), [&, alive] {
    ++fired;
    timer.reset();
    EXPECT_EQ(alive, "captured");
  });
  EXPECT_TRUE(until([&] { return fired > 0; }));
  loop.run_for(milliseconds(5));
  EXPECT_EQ(fired, 1);
}

TEST_F(LoopTest, PeriodicTimerSkipsMissedTicksAndKeepsItsPhase) {
  const SystemClock clock;
  const MonoTime start = clock.mono();
  std::vector<Nanos> at;
  const Handle timer = loop.every(milliseconds(10), [&] {
    at.push_back(clock.mono() - start);
    // Busy past the next two ticks, once.
    if (at.size() == 1) {
      while (clock.mono() - start < milliseconds(35)) {
      }
    }
  });
  EXPECT_TRUE(until([&] { return at.size() == 3; }));
  EXPECT_GE(at[0], milliseconds(10));
  EXPECT_GE(at[1], milliseconds(40)) << "ticks at 20 and 30 ms were missed";
  EXPECT_GE(at[2], milliseconds(50));
}

TEST_F(LoopTest, WatchesADescriptorAndNeverClosesIt) {
  const int fd = ::eventfd(0, EFD_CLOEXEC);
  int seen = 0;
  {
    const Handle watch = loop.watch_readable(fd, [&] {
      std::uint64_t count = 0;
      EXPECT_EQ(::read(fd, &count, sizeof count), ssize_t(sizeof count));
      seen += static_cast<int>(count);
    });
    ASSERT_EQ(::eventfd_write(fd, 2), 0);
    EXPECT_TRUE(until([&] { return seen == 2; }));
    ASSERT_EQ(::eventfd_write(fd, 3), 0);
    EXPECT_TRUE(until([&] { return seen == 5; })) << "it goes on watching";
  }
  ASSERT_EQ(::eventfd_write(fd, 1), 0) << "the descriptor is still open";
  loop.run_for(milliseconds(2));
  EXPECT_EQ(seen, 5);
  const Handle again = loop.watch_readable(fd, [&] {
    seen = 100;
    ::eventfd_t v = 0;
    ::eventfd_read(fd, &v);
  });
  EXPECT_TRUE(until([&] { return seen == 100; })) << "it can be watched again";
  ::close(fd);
}

TEST_F(LoopTest, WatchOfAFileThatCannotBeWatchedIsInactive) {
  char name[] = "/tmp/gk-loop-XXXXXX";
  const int fd = ::mkstemp(name);
  EXPECT_FALSE(loop.watch_readable(fd, [] {}).active());
  ::close(fd);
  ::unlink(name);
}

}  // namespace
}  // namespace gk::net
