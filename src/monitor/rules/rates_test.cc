#include "monitor/rules/rates.h"

#include <gtest/gtest.h>

namespace gk::monitor {
namespace {

TEST(CpuSharesTest, CountsEverythingButIdleAndIowaitAsUsage) {
  const CpuTimes before{};
  const CpuTimes after{.user = 20,
                       .nice = 5,
                       .system = 10,
                       .idle = 40,
                       .iowait = 10,
                       .irq = 1,
                       .softirq = 4,
                       .steal = 10};
  const auto shares = cpu_shares(before, after);
  ASSERT_TRUE(shares);
  EXPECT_DOUBLE_EQ(shares->usage, 50);
  EXPECT_DOUBLE_EQ(shares->iowait, 10);
  EXPECT_DOUBLE_EQ(shares->steal, 10);
}

TEST(CpuSharesTest, HasNoAnswerWhenNoTickPassed) {
  const CpuTimes same{.user = 5, .idle = 9};
  EXPECT_FALSE(cpu_shares(same, same));
}

TEST(CpuSharesTest, TakesAFieldThatWentBackAsUnchanged) {
  const CpuTimes before{.user = 10, .idle = 100, .iowait = 50};
  const CpuTimes after{.user = 20, .idle = 110, .iowait = 40};
  EXPECT_DOUBLE_EQ(cpu_shares(before, after)->usage, 50);
}

TEST(PerSecondTest, DividesByTimeAndRefusesCountersThatWentBack) {
  EXPECT_DOUBLE_EQ(per_second(100, 300, Millis(500)).value(), 400);
  EXPECT_FALSE(per_second(300, 100, Seconds(1)));
  EXPECT_FALSE(per_second(1, 2, Nanos(0)));
}

TEST(MemoryUsageTest, IsTheShareThatIsNotAvailable) {
  EXPECT_DOUBLE_EQ(memory_usage_pct({.total = 1000, .available = 250}), 75);
  EXPECT_DOUBLE_EQ(memory_usage_pct({.total = 1000, .available = 2000}), 0);
  EXPECT_DOUBLE_EQ(swap_usage_pct({.total = 1, .available = 1}), 0);
  EXPECT_DOUBLE_EQ(swap_usage_pct({.swap_total = 200, .swap_free = 50}), 75);
}

}  // namespace
}  // namespace gk::monitor
