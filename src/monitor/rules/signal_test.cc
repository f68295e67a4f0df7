#include "monitor/rules/signal.h"

#include <gtest/gtest.h>

namespace gk::monitor {
namespace {

constexpr MonoTime t0{std::chrono::hours(1)};

TEST(SignalTest, IsUnknownWithAReasonUntilItIsMeasured) {
  EXPECT_EQ(Signal().state(t0), SignalState::unknown);
  EXPECT_EQ(Signal().reason(), "not measured yet");
}

TEST(SignalTest, BecomesStaleAfterThreeOfItsOwnPeriods) {
  const Signal signal = Signal::known(5, t0, {}, Seconds(2));
  EXPECT_EQ(signal.state(t0 + Seconds(6)), SignalState::known);
  EXPECT_EQ(signal.state(t0 + Seconds(6) + Nanos(1)), SignalState::stale);
}

}  // namespace
}  // namespace gk::monitor
