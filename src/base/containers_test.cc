#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "base/mutex.h"
#include "base/ring.h"
#include "base/topic.h"
#include "base/worker_pool.h"

namespace gk {
namespace {

TEST(Ring, DropsTheOldestAndCountsIt) {
  Ring<int> ring(3);
  for (int i = 1; i <= 5; ++i) ring.push(i);
  EXPECT_EQ(ring[0], 3);
  EXPECT_EQ(ring.back(), 5);
  EXPECT_EQ(ring.dropped(), 2U);
}

TEST(Topic, ReachesEverySubscriberUntilItUnsubscribes) {
  Topic<int> topic;
  int sum = 0;
  auto first = topic.subscribe([&](int v) { sum += v; });
  {
    auto second = topic.subscribe([&](int v) { sum += 10 * v; });
    topic.publish(1);
  }
  topic.publish(2);
  EXPECT_EQ(sum, 13);
}

TEST(Topic, LetsAHandlerUnsubscribeItself) {
  Topic<int> topic;
  int calls = 0;
  Topic<int>::Subscription own;
  own = topic.subscribe([&](int) {
    ++calls;
    own.reset();
  });
  topic.publish(1);
  topic.publish(1);
  EXPECT_EQ(calls, 1);
}

TEST(WorkerPool, RefusesBeyondItsQueueAndRunsTheRest) {
  std::atomic<int> ran{0};
  std::latch started(1), go(1);
  Result<void> third;
  {
    WorkerPool pool({.threads = 1, .max_queue = 1, .name = "test"});
    ASSERT_TRUE(pool.post([&] {
      started.count_down();
      go.wait();
      ++ran;
    }));
    started.wait();
    ASSERT_TRUE(pool.post([&] { ++ran; }));
    third = pool.post([&] { ++ran; });
    go.count_down();
  }
  EXPECT_EQ(third.error().code, Errc::resource_exhausted);
  EXPECT_EQ(ran, 2) << "the destructor runs what is queued";
}

#ifndef NDEBUG
TEST(MutexDeathTest, EndsTheProcessWhenRanksGoDown) {
  Mutex high(MutexRank::store), low(MutexRank::service);
  const MutexLock first(high);
  EXPECT_DEATH({ const MutexLock second(low); }, "broken invariant");
}
#endif

}  // namespace
}  // namespace gk
