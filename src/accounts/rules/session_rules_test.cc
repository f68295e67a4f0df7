#include "accounts/rules/session_rules.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace gk::accounts {
namespace {

using namespace std::chrono_literals;
constexpr MonoTime t0{100h};
constexpr WallTime w0{Seconds(1'767'225'600)};
const SessionLimits kLimits{};

SessionTimes fresh() { return {.created = t0, .seen = t0, .created_wall = w0, .seen_wall = w0}; }

TEST(SessionState, IsLiveOneTickBeforeIdleEnd) {
  EXPECT_EQ(session_state(fresh(), t0 + 30min - 1ns, w0 + 30min - 1us, kLimits),
            SessionState::live);
}
TEST(SessionState, IsIdleAtThirtyMinutes) {
  EXPECT_EQ(session_state(fresh(), t0 + 30min, w0, kLimits), SessionState::idle);
  EXPECT_EQ(session_state(fresh(), t0, w0 + 30min, kLimits), SessionState::idle);
}
TEST(SessionState, ExpiresAtTwelveHoursHoweverBusy) {
  SessionTimes times = fresh();
  times.seen = t0 + 12h - 1s;
  times.seen_wall = w0 + 12h - 1s;
  EXPECT_EQ(session_state(times, t0 + 12h - 1ns, w0 + 12h - 1us, kLimits), SessionState::live);
  EXPECT_EQ(session_state(times, t0 + 12h, w0 + 12h - 1us, kLimits), SessionState::expired);
}
TEST(SessionState, WallClockSetBackDoesNotProlong) {
  EXPECT_EQ(session_state(fresh(), t0 + 12h, w0 - 48h, kLimits), SessionState::expired);
}
TEST(SessionState, SleepThatOnlyTheWallClockSawCounts) {
  EXPECT_EQ(session_state(fresh(), t0 + 1s, w0 + 20h, kLimits), SessionState::expired);
}
TEST(RestoredTimes, KeepTheAgeAcrossARestart) {
  const SessionTimes times = restored_times(w0, w0 + 1h, MonoTime(5s), w0 + 2h);
  EXPECT_EQ(MonoTime(5s) - times.created, 2h);
  EXPECT_EQ(MonoTime(5s) - times.seen, 1h);
}
TEST(RestoredTimes, TakeAFutureTimeAsNow) {
  const SessionTimes times = restored_times(w0 + 5h, w0 + 6h, t0, w0);
  EXPECT_EQ(times.created, t0);
  EXPECT_EQ(times.seen_wall, w0);
}
TEST(SessionToken, Has256RandomBits) {
  SeededRandom random(1);
  const std::string first = new_session_token(random);
  EXPECT_EQ(first.size(), 64U);
  EXPECT_TRUE(is_session_token(first));
  EXPECT_NE(first, new_session_token(random));
}
TEST(SessionToken, FormIsStrict) {
  EXPECT_FALSE(is_session_token(""));
  EXPECT_FALSE(is_session_token(std::string(63, 'a')));
  EXPECT_FALSE(is_session_token(std::string(64, 'A')));
  EXPECT_FALSE(is_session_token(std::string(63, 'a') + '\0'));
}

}  // namespace
}  // namespace gk::accounts
