#include "macros/run_memory.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

TEST(RunMemory, KeepsTheLastRunOfEachMacroAndForgetsTheOldest) {
  RunMemory memory({.outputs = 2, .levels = 2});
  memory.keep({"a", "1", {}, {}});
  memory.keep({"b", "2", {}, {}});
  memory.keep({"a", "3", {}, {}});
  memory.keep({"c", "4", {}, {}});
  EXPECT_EQ(memory.output("b"), nullptr) << "a ran after it";
  ASSERT_NE(memory.output("a"), nullptr);
  EXPECT_EQ(memory.output("a")->text, "3");
  EXPECT_EQ(memory.output("c")->text, "4");
}

TEST(RunMemory, KnowsTheLevelOfTheLastStart) {
  RunMemory memory({.outputs = 2, .levels = 2});
  memory.started("a", SafetyLevel::safe);
  memory.started("a", SafetyLevel::dangerous);
  EXPECT_EQ(memory.level("a"), SafetyLevel::dangerous);
  memory.started("a", std::nullopt);
  EXPECT_FALSE(memory.level("a")) << "its last start took the profile's";
  memory.started("a", SafetyLevel::safe);
  memory.started("b", SafetyLevel::safe);
  memory.started("c", SafetyLevel::safe);
  EXPECT_FALSE(memory.level("a"));
  EXPECT_TRUE(memory.level("b"));
}

}  // namespace
}  // namespace gk::macros
