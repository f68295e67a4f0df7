#include "base/span.h"

#include <gtest/gtest.h>

#include "testing/capture_log.h"
#include "testing/manual_clock.h"

namespace gk {
namespace {

TEST(Span, SaysAtItsEndHowLongTheStepTook) {
  CaptureLog log;
  ManualClock clock;
  {
    const Span span(log, clock, "test.step", "c-1");
    clock.advance(Micros(1500));
    EXPECT_TRUE(log.lines().empty());
  }
  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_EQ(
      log.lines()[0],
      R"(0 test.step step ended {"duration_ms":1.5,"outcome":"done","correlation_id":"c-1"})");
}

TEST(Span, HandsAResultOnAndNotesItsError) {
  CaptureLog log;
  ManualClock clock;
  {
    Span span(log, clock, "test.step");
    const auto result = span.note(Result<int>(Error{Errc::unavailable, "disk full"}));
    EXPECT_FALSE(result);
  }
  EXPECT_NE(log.lines()[0].find(R"("outcome":"disk full")"), std::string::npos);
}

TEST(PendingSpan, SaysHowLongItTookOnlyWhenItsCallbackRuns) {
  CaptureLog log;
  ManualClock clock;
  const PendingSpan dropped(clock, "test.dropped");
  const PendingSpan span(clock, "test.step", "c-2");
  clock.advance(Micros(500));
  span.end_with(log, clock, Result<void>(Error{Errc::unavailable, "disk full"}));
  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_EQ(
      log.lines()[0],
      R"(0 test.step step ended {"duration_ms":0.5,"outcome":"disk full","correlation_id":"c-2"})");
}

}  // namespace
}  // namespace gk
