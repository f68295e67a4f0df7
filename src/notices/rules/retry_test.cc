#include "notices/rules/retry.h"

#include <gtest/gtest.h>

#include "base/gcra.h"
#include "notices/rules/channel_rate.h"
#include "testing/seeded_random.h"

namespace gk::notices {
namespace {

using namespace std::chrono_literals;

TEST(Judge, TriesAgainWhatCanGetBetterAndNothingElse) {
  EXPECT_EQ(judge({.status = 204}), Verdict::delivered);
  for (const int status : {408, 425, 429, 500, 503}) {
    EXPECT_EQ(judge({.status = status}), Verdict::retry) << status;
  }
  for (const int status : {301, 302, 307, 400, 401, 404, 413}) {
    EXPECT_EQ(judge({.status = status}), Verdict::give_up) << status;
  }
  EXPECT_EQ(judge({.error_kind = "timeout"}), Verdict::retry);
  EXPECT_EQ(judge({.error_kind = "dns"}), Verdict::retry);
  EXPECT_EQ(judge({.error_kind = "blocked"}), Verdict::give_up);
}

TEST(RetryDelay, DoublesWithinHalfAndAllOfItsBoundUpToAnHour) {
  SeededRandom random(1);
  const RetryPolicy policy;
  Nanos bound = 1s;
  for (std::uint32_t attempt = 1; attempt <= 40; ++attempt) {
    const Nanos delay = retry_delay(policy, attempt, {}, random);
    EXPECT_GE(delay, bound / 2) << attempt;
    EXPECT_LE(delay, bound) << attempt;
    bound = std::min<Nanos>(bound * 2, 3600s);
  }
}

TEST(RetryDelay, HonoursWhatTheReceiverAsksForWithinReason) {
  SeededRandom random(1);
  EXPECT_EQ(retry_delay({}, 1, {.status = 429, .retry_after_s = 64.5}, random), 64'500ms);
  EXPECT_EQ(retry_delay({}, 1, {.status = 429, .retry_after_s = 1e12}, random), 3600s);
  EXPECT_GE(retry_delay({}, 5, {.status = 429, .retry_after_s = 0}, random), 8s);
}

// Whatever the pattern of attempts: no window of a minute has more than 30.
TEST(ChannelRate, NeverLetsMoreThan30ThroughInAnyMinute) {
  SeededRandom random(9);
  GcraTable table(kChannelRate, 8);
  std::vector<MonoTime> passed;
  MonoTime now{1h};
  for (int i = 0; i < 20'000; ++i) {
    now += Millis(random.below(random.below(50) == 0 ? 90'000 : 400));
    if (table.take("channel", now).allowed) passed.push_back(now);
  }
  ASSERT_GT(passed.size(), 1'000U);
  for (std::size_t i = 30; i < passed.size(); ++i) {
    ASSERT_GE(passed[i] - passed[i - 30], 60s) << "31 within a minute";
  }
}

// The planted bug: a burst of 10 at the same pace passes 34 in some minute.
TEST(ChannelRate, AWiderBurstWouldBreakTheLimit) {
  GcraTable table({.period = kChannelRate.period, .burst = 10}, 8);
  int passed = 0;
  for (Nanos at{0}; at < 60s; at += 10ms) passed += table.take("c", MonoTime(1h) + at).allowed;
  EXPECT_GT(passed, 30);
}

}  // namespace
}  // namespace gk::notices
