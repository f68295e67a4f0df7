#include "arbiter/rules/pacing.h"

#include <gtest/gtest.h>

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;
constexpr MonoTime t0{1h};

TEST(Gcra, AllowsABurstOfToleranceThenOneAnInterval) {
  Gcra gcra;
  gcra.set({100ms, 250ms}, t0);
  for (int i = 0; i < 3; ++i) {  // 1 + 250 / 100
    EXPECT_LE(gcra.earliest(), t0);
    gcra.take(t0);
  }
  EXPECT_EQ(gcra.earliest(), t0 + 50ms);
  gcra.take(t0 + 50ms);
  EXPECT_EQ(gcra.earliest(), t0 + 150ms);
}

TEST(Gcra, NeverSavesUpMoreThanTheTolerance) {
  Gcra gcra;
  gcra.set({100ms, 0ms}, t0);
  gcra.take(t0 + 1h);
  EXPECT_EQ(gcra.earliest(), t0 + 1h + 100ms);
}

TEST(Gcra, ARateChangeAppliesAtOnceToWhatIsOwed) {
  Gcra gcra;
  gcra.set({1h, 0ms}, t0);
  gcra.take(t0);
  gcra.set({1s, 0ms}, t0 + 30min);  // half of an action is still owed
  EXPECT_GE(gcra.earliest(), t0 + 30min + 500ms);
  EXPECT_LE(gcra.earliest(), t0 + 30min + 501ms);
  gcra.set({0ms, 0ms}, t0 + 30min);
  EXPECT_EQ(gcra.earliest(), MonoTime::min());
}

}  // namespace
}  // namespace gk::arbiter
