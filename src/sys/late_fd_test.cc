#include "sys/late_fd.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <future>

namespace gk::sys {
namespace {

struct Ends {
  Fd read, write;
};

Ends make_ends() {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::pipe(fds), 0);
  return {Fd(fds[0]), Fd(fds[1])};
}

/// Whether the other end is closed within `ms`.
bool closed_within(const Fd& read, int ms) {
  pollfd end{read.get(), 0, 0};
  return ::poll(&end, 1, ms) == 1 && (end.revents & POLLHUP) != 0;
}

TEST(LateFd, ClosesOnThePoolAndNotWhereItsOwnerEnds) {
  const auto pool = std::make_shared<WorkerPool>(WorkerPoolOptions{});
  std::promise<void> busy;
  ASSERT_TRUE(pool->post([wait = busy.get_future().share()] { wait.wait(); }));
  Ends ends = make_ends();
  {
    LateFd late(std::move(ends.write));
    late.close_on(pool);
  }
  EXPECT_FALSE(closed_within(ends.read, 50)) << "closed by its owner, who must not block";
  busy.set_value();
  EXPECT_TRUE(closed_within(ends.read, 5'000));
}

TEST(LateFd, ClosesAtOnceWithoutAPoolOrWhenItsQueueIsFull) {
  Ends plain = make_ends();
  {
    const LateFd late(std::move(plain.write));
  }
  EXPECT_TRUE(closed_within(plain.read, 0));

  const auto pool = std::make_shared<WorkerPool>(WorkerPoolOptions{.max_queue = 1});
  std::promise<void> busy, started;
  ASSERT_TRUE(pool->post([&started, wait = busy.get_future().share()] {
    started.set_value();
    wait.wait();
  }));
  started.get_future().wait();
  ASSERT_TRUE(pool->post([] {}));
  Ends full = make_ends();
  {
    LateFd late(std::move(full.write));
    late.close_on(pool);
  }
  EXPECT_TRUE(closed_within(full.read, 0));
  busy.set_value();
}

TEST(LateFd, ClosesWhatAnAssignmentReplaces) {
  Ends first = make_ends(), second = make_ends();
  LateFd late(std::move(first.write));
  late = LateFd(std::move(second.write));
  EXPECT_TRUE(closed_within(first.read, 0));
  EXPECT_FALSE(closed_within(second.read, 0));
  EXPECT_TRUE(static_cast<bool>(late));
}

}  // namespace
}  // namespace gk::sys
