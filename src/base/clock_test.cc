#include "base/clock.h"

#include <gtest/gtest.h>

namespace gk {
namespace {

WallTime at(std::string_view text) { return parse_rfc3339(text).value(); }

TEST(Rfc3339, WritesMillisecondsAndReadsThemBack) {
  EXPECT_EQ(rfc3339(WallTime(Micros(1767225600123456))), "2026-01-01T00:00:00.123Z");
  EXPECT_EQ(at("2026-01-01T00:00:00.123456Z"), WallTime(Micros(1767225600123456)));
}

TEST(Rfc3339, ReadsOffsetsAndLeapDays) {
  EXPECT_EQ(at("2026-01-01T01:30:00+01:30"), at("2026-01-01T00:00:00Z"));
  EXPECT_EQ(at("2024-02-29T00:00:00-00:30"), at("2024-02-29T00:30:00Z"));
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  EXPECT_FALSE(parse_rfc3339("2025-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-01-01T24:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-01-01T00:00:00"));
  EXPECT_FALSE(parse_rfc3339("2026-01-01T00:00:00.Z"));
  EXPECT_FALSE(parse_rfc3339("2026-01-01T00:00:00Z "));
  EXPECT_FALSE(parse_rfc3339("yesterday"));
}

TEST(DateStamp, IsTheUtcDate) { EXPECT_EQ(date_stamp(at("2026-11-20T23:59:59Z")), "20261120"); }

TEST(SystemClock, MonotonicTimeDoesNotGoBack) {
  const SystemClock clock;
  const MonoTime first = clock.mono();
  EXPECT_GE(clock.mono(), first);
  EXPECT_GT(clock.wall(), at("2024-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace gk
