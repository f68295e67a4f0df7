#include "sys/proc_account.h"

#include <gtest/gtest.h>

#include <vector>

#include "testing/seeded_random.h"

namespace gk::sys {
namespace {

TEST(ProcessAccountTest, KeepsTheTimeOfAThreadThatEnded) {
  ProcessAccount account;
  account.set_live(Millis(500));
  account.thread_ended(Millis(200));
  account.set_live(Millis(300));
  EXPECT_EQ(account.total(), Millis(500));
}

TEST(ProcessAccountTest, CountsThreadsThatLivedBetweenTwoReadingsByTheGroupTime) {
  ProcessAccount account;
  account.set_live(Millis(500));
  account.set_group(Millis(800));
  EXPECT_EQ(account.total(), Millis(800));
  account.set_live(Millis(600));
  EXPECT_EQ(account.total(), Millis(900)) << "the 300 ms stay on top of the live threads";
}

TEST(ProcessAccountTest, DoesNotCountAKnownChildTwiceWhenItsParentWaitsForIt) {
  ProcessAccount child;
  child.set_live(Millis(900));
  ProcessAccount parent;
  parent.child_ended(child.total());
  parent.set_reaped(Millis(1000));
  EXPECT_EQ(parent.total(), Millis(1000)) << "900 seen, 100 after the last look";
}

TEST(ProcessAccountTest, CountsChildrenThatWereNeverSeen) {
  ProcessAccount parent;
  parent.set_reaped(Millis(70));
  EXPECT_EQ(parent.total(), Millis(70));
}

TEST(ProcessAccountTest, KeepsAChildThatNobodyWaitedFor) {
  ProcessAccount parent;
  parent.child_ended(Millis(400));
  parent.set_reaped(Millis(0));
  EXPECT_EQ(parent.total(), Millis(400));
}

TEST(ProcessAccountTest, NeverFallsAndStaysCloseToTheTruthInARandomLife) {
  SeededRandom random(11);
  ProcessAccount account;
  std::vector<Nanos> threads(3);  // True and seen time of each living thread.
  Nanos ended{}, reaped{}, previous{};
  for (int step = 0; step < 5'000; ++step) {
    Nanos live{};
    for (auto& thread : threads) live += thread += Micros(random.below(1000));
    if (random.below(10) == 0 && threads.size() > 1) {
      account.thread_ended(threads.back());  // Seen right before it ended.
      ended += threads.back();
      live -= threads.back();
      threads.pop_back();
    }
    if (random.below(10) == 0) threads.emplace_back();
    if (random.below(5) == 0) {
      const Nanos child = Millis(random.below(20));
      reaped += child;
      if (random.below(2) == 0) account.child_ended(child);
    }
    account.set_live(live);
    account.set_group(live + ended - (live + ended) % Millis(10));
    account.set_reaped(reaped - reaped % Millis(10));
    ASSERT_GE(account.total(), previous);
    ASSERT_LE(account.total(), live + ended + reaped);
    ASSERT_GE(account.total(), live + ended + reaped - Millis(10));
    previous = account.total();
  }
}

}  // namespace
}  // namespace gk::sys
