#include "logs/rules/log_query.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace gk::logs {
namespace {

constexpr const char* kLine =
    R"({"ts":"2026-11-28T07:00:00.5Z","level":"warn","event":"accounts.login_failed",)"
    R"("message":"Wrong \u202e password\r\n","correlation_id":"c1-2","address":"127.0.0.1"})";

TEST(LogQueryTest, WantsEverythingWhenNothingIsAsked) {
  EXPECT_TRUE(LogQuery().wants(kLine));
  EXPECT_FALSE(LogQuery().wants("half a li"));
  EXPECT_FALSE(LogQuery().wants("[1]"));
  EXPECT_FALSE(LogQuery().wants(R"({"level":"loud"})"));
}

TEST(LogQueryTest, LevelMeansAtLeast) {
  EXPECT_TRUE(LogQuery{.level = LogLevel::warn}.wants(kLine));
  EXPECT_FALSE(LogQuery{.level = LogLevel::error}.wants(kLine));
}

TEST(LogQueryTest, EventIsWholeOrABeginning) {
  EXPECT_TRUE(LogQuery{.event = "accounts.login_failed"}.wants(kLine));
  EXPECT_TRUE(LogQuery{.event = "accounts.*"}.wants(kLine));
  EXPECT_FALSE(LogQuery{.event = "accounts"}.wants(kLine));
  EXPECT_FALSE(LogQuery{.event = "macros.*"}.wants(kLine));
}

TEST(LogQueryTest, CorrelationIsTheFieldAndNotAnyText) {
  EXPECT_TRUE(LogQuery{.correlation_id = "c1-2"}.wants(kLine));
  EXPECT_FALSE(LogQuery{.correlation_id = "c1"}.wants(kLine));
  EXPECT_FALSE(LogQuery{.correlation_id = "127.0.0.1"}.wants(kLine));
}

TEST(LogQueryTest, TextIsAnywhereInAnyCase) {
  EXPECT_TRUE(LogQuery{.text = "wrong"}.wants(kLine));
  EXPECT_TRUE(LogQuery{.text = "127.0"}.wants(kLine));
  EXPECT_FALSE(LogQuery{.text = "right"}.wants(kLine));
}

TEST(LogQueryTest, TimesAreInclusive) {
  const auto at = [](const char* text) { return parse_rfc3339(text).value(); };
  EXPECT_TRUE(LogQuery{.since = at("2026-11-28T07:00:00.5Z")}.wants(kLine));
  EXPECT_FALSE(LogQuery{.since = at("2026-11-28T07:00:00.6Z")}.wants(kLine));
  EXPECT_TRUE(LogQuery{.until = at("2026-11-28T07:00:00.5Z")}.wants(kLine));
  EXPECT_FALSE(LogQuery{.until = at("2026-11-28T07:00:00.4Z")}.wants(kLine));
}

}  // namespace
}  // namespace gk::logs
