#include "monitor/rules/retention_guard.h"

#include <gtest/gtest.h>

namespace gk::monitor {
namespace {

constexpr WallTime t0{Seconds(1'767'225'600)};
constexpr MonoTime m0{std::chrono::hours(5)};
using std::chrono::hours;

TEST(RetentionGuardTest, LetsAClockThatRunsRemove) {
  RetentionGuard guard;
  guard.start(t0 - Seconds(10), t0, m0);
  EXPECT_TRUE(guard.may_remove(t0 + hours(1), m0 + hours(1)));
  EXPECT_TRUE(guard.may_remove(t0 + hours(2) + Seconds(3'599), m0 + hours(2)));
}

TEST(RetentionGuardTest, HoldsForADayAfterTheClockWentTenYearsAhead) {
  RetentionGuard guard;
  guard.start(t0, t0, m0);
  const WallTime ahead = t0 + std::chrono::days(3'650);
  EXPECT_FALSE(guard.may_remove(ahead, m0 + Seconds(1)));
  EXPECT_FALSE(guard.may_remove(ahead + hours(23), m0 + Seconds(1) + hours(23)));
  EXPECT_TRUE(guard.may_remove(ahead + hours(24), m0 + Seconds(1) + hours(24)));
}

TEST(RetentionGuardTest, HoldsAfterTheClockWentBackADay) {
  RetentionGuard guard;
  guard.start(t0, t0, m0);
  EXPECT_FALSE(guard.may_remove(t0 - hours(24), m0 + Seconds(1)));
}

TEST(RetentionGuardTest, DoesNotBelieveAClockAtTheStartThatIsFarFromWhatWasSaved) {
  RetentionGuard guard;
  guard.start(t0, t0 + std::chrono::days(3'650), m0);
  EXPECT_FALSE(guard.may_remove(t0 + std::chrono::days(3'650), m0));
  RetentionGuard fine;
  fine.start(t0, t0 + hours(24), m0);
  EXPECT_TRUE(fine.may_remove(t0 + hours(24), m0));
}

}  // namespace
}  // namespace gk::monitor
