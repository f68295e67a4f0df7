#include "sessions/rules/session.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace gk::sessions {
namespace {

using namespace std::chrono_literals;
constexpr MonoTime t0{1h};
constexpr WallTime w0{Micros(1767225600000000)};

Session sample() {
  Session s;
  s.id = "0193";
  s.character_name = "Hero";
  s.mode = "farm";
  s.created = w0;
  return s;
}

TEST(NextState, LeadsFromCreatedOverRunningAndPausedToStopped) {
  EXPECT_EQ(next_state(SessionState::created, SessionStep::start).value(), SessionState::running);
  EXPECT_EQ(next_state(SessionState::running, SessionStep::pause).value(), SessionState::paused);
  EXPECT_EQ(next_state(SessionState::paused, SessionStep::start).value(), SessionState::running);
  EXPECT_EQ(next_state(SessionState::paused, SessionStep::stop).value(), SessionState::stopped);
  EXPECT_EQ(next_state(SessionState::stopped, SessionStep::start).value(), SessionState::running);
}

TEST(NextState, RefusesASecondStartAndSaysWhatIsPossible) {
  const auto again = next_state(SessionState::running, SessionStep::start);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::failed_precondition);
  EXPECT_EQ(again.error().message, "the session is running and cannot start; it can pause or stop");
}

TEST(NextState, DeletesNothingThatLives) {
  EXPECT_FALSE(next_state(SessionState::running, SessionStep::remove));
  EXPECT_FALSE(next_state(SessionState::paused, SessionStep::remove));
  EXPECT_TRUE(next_state(SessionState::stopped, SessionStep::remove));
}

TEST(EnterState, CountsOnlyTheTimeInRunning) {
  Session s = sample();
  enter_state(s, SessionState::running, "", t0, w0);
  enter_state(s, SessionState::paused, "", t0 + 5s, w0 + 5s);
  enter_state(s, SessionState::running, "", t0 + 60s, w0 + 60s);
  enter_state(s, SessionState::stopped, "", t0 + 62s, w0 + 62s);
  EXPECT_EQ(s.ran, 7s);
  EXPECT_EQ(s.started, w0) << "a resumed session started once";
  EXPECT_EQ(s.ended, w0 + 62s);
}

TEST(ReadSession, BringsBackARunningOneAsInterrupted) {
  Session s = sample();
  enter_state(s, SessionState::running, "", t0, w0);
  s.stats.macros_started = 3;
  const auto back = read_session(session_json(s, t0 + 10s));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->state, SessionState::interrupted);
  EXPECT_EQ(back->reason, "the daemon ended while it was running");
  EXPECT_EQ(back->ran, 10s);
  EXPECT_EQ(back->stats.macros_started, 3U);
  EXPECT_EQ(back->mode, "farm");
}

TEST(ReadSession, RefusesWhatIsNoSession) {
  EXPECT_EQ(read_session("{}").error().code, Errc::data_loss);
  EXPECT_EQ(read_session("nonsense").error().code, Errc::data_loss);
}

}  // namespace
}  // namespace gk::sessions
