#include "macros/rules/safety_level.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

TEST(SafetyLevel, HasANameThatReadsBack) {
  EXPECT_EQ(parse_level(level_name(SafetyLevel::safe)), SafetyLevel::safe);
  EXPECT_EQ(parse_level(level_name(SafetyLevel::dangerous)), SafetyLevel::dangerous);
  EXPECT_FALSE(parse_level("mild"));
}

TEST(SafetyLevel, TheStricterOfTwoRowsIsLowerButForFps) {
  const PerformanceThresholds mixed{50, 99, 30, 100, 5000};
  EXPECT_EQ(stricter(mixed, level_thresholds(SafetyLevel::risky)),
            (PerformanceThresholds{50, 85, 30, 100, 1000}));
}

}  // namespace
}  // namespace gk::macros
