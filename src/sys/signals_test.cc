#include "sys/signals.h"

#include <gtest/gtest.h>

#include <csignal>

namespace gk::sys {
namespace {

TEST(SignalSet, ReadsAPendingSignalOnce) {
  auto set = SignalSet::create({SIGUSR2}).value();
  EXPECT_FALSE(set.next());
  ::raise(SIGUSR2);
  EXPECT_EQ(set.next(), SIGUSR2);
  EXPECT_FALSE(set.next());
}

}  // namespace
}  // namespace gk::sys
