#include "base/gcra.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "testing/seeded_random.h"

namespace gk {
namespace {

using namespace std::chrono_literals;
constexpr MonoTime t0{1h};

class Gcra : public testing::Test {
 protected:
  GcraTable table{{.period = 10s, .burst = 3}, 4};
  void spend_all(std::string_view key, MonoTime now) {
    (void)table.take(key, now);
    (void)table.take(key, now);
    (void)table.take(key, now);
  }
};

TEST_F(Gcra, AllowsTheBurstThenRefusesWithTheWait) {
  spend_all("a", t0);
  const GcraDecision fourth = table.take("a", t0);
  EXPECT_FALSE(fourth.allowed);
  EXPECT_EQ(fourth.retry_after, 10s);
}
TEST_F(Gcra, AllowsExactlyAtRetryAfterAndNotBefore) {
  spend_all("a", t0);
  EXPECT_FALSE(table.take("a", t0 + 10s - 1ns).allowed);
  EXPECT_TRUE(table.take("a", t0 + 10s).allowed);
  EXPECT_FALSE(table.take("a", t0 + 10s).allowed);
}
TEST_F(Gcra, RefusalCostsNothing) {
  spend_all("a", t0);
  (void)table.take("a", t0);
  (void)table.take("a", t0);
  EXPECT_TRUE(table.take("a", t0 + 10s).allowed);
}
TEST_F(Gcra, KeysDoNotShareABudget) {
  spend_all("a", t0);
  EXPECT_TRUE(table.take("b", t0).allowed);
}
TEST_F(Gcra, GiveBackRestoresOneUnit) {
  spend_all("a", t0);
  table.give_back("a", t0);
  EXPECT_TRUE(table.take("a", t0).allowed);
  EXPECT_FALSE(table.take("a", t0).allowed);
}
TEST_F(Gcra, GiveBackNeverSavesUpMoreThanTheBurst) {
  (void)table.take("a", t0);
  table.give_back("a", t0);
  table.give_back("a", t0);
  spend_all("a", t0);
  EXPECT_FALSE(table.take("a", t0).allowed);
}
TEST_F(Gcra, FullTableDropsTheKeyWithTheMostBudgetLeft) {
  spend_all("hot", t0);
  (void)table.take("b", t0);
  (void)table.take("c", t0);
  (void)table.take("d", t0);
  (void)table.take("new", t0);
  EXPECT_EQ(table.size(), 4U);
  EXPECT_FALSE(table.take("hot", t0).allowed) << "a flood of new keys must not free a hot one";
}
TEST_F(Gcra, FullTableForgetsRestedKeysFirst) {
  (void)table.take("a", t0);
  (void)table.take("b", t0);
  spend_all("hot", t0 + 9s);
  (void)table.take("c", t0 + 9s);
  (void)table.take("new", t0 + 11s);
  EXPECT_EQ(table.size(), 3U);
}

// Model: in every window of `burst` periods plus n periods at most burst + n attempts pass.
TEST(GcraModel, NeverLetsMoreThroughThanBurstPlusElapsedPeriods) {
  SeededRandom random(7);
  GcraTable table({.period = 10s, .burst = 3}, 16);
  std::map<std::string, std::deque<MonoTime>> passed;
  MonoTime now = t0;
  for (int i = 0; i < 20'000; ++i) {
    now += Millis(random.below(3'000));
    const std::string key(1, static_cast<char>('a' + random.below(8)));
    if (!table.take(key, now).allowed) continue;
    auto& times = passed[key];
    times.push_back(now);
    for (std::size_t n = 0; n < times.size(); ++n) {
      const auto periods = static_cast<std::size_t>((now - times[n]) / 10s);
      ASSERT_LE(times.size() - n, 3 + periods);
    }
    if (times.size() > 32) times.pop_front();
  }
}

}  // namespace
}  // namespace gk
