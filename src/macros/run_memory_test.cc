#include "macros/run_memory.h"

#include <gtest/gtest.h>

#include "macros/fakes_for_test.h"
#include "testing/capture_log.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

class RunMemoryTest : public testing::Test {
 protected:
  net::Loop loop;
  CaptureLog log;
  FakeStore store{loop};
  RunMemory memory{{.outputs = 2, .levels = 2}, store, log};
};

TEST_F(RunMemoryTest, KeepsTheLastRunOfEachMacroAndForgetsTheOldest) {
  memory.keep({"a", "1", {}, {}});
  memory.keep({"b", "2", {}, {}});
  memory.keep({"a", "3", {}, {}});
  memory.keep({"c", "4", {}, {}});
  EXPECT_EQ(memory.output("b"), nullptr) << "a ran after it";
  ASSERT_NE(memory.output("a"), nullptr);
  EXPECT_EQ(memory.output("a")->text, "3");
  EXPECT_EQ(memory.output("c")->text, "4");
}

TEST_F(RunMemoryTest, KnowsTheLevelOfTheLastStart) {
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

TEST_F(RunMemoryTest, WritesWhatItKeepsAndTakesItOverAgain) {
  memory.keep({"a", "1", sys::ExitStatus{.code = 3}, WallTime(5s)});
  memory.started("a", SafetyLevel::safe);
  memory.started("b", std::nullopt);
  EXPECT_EQ(store.outputs.size(), 1U);
  EXPECT_EQ(store.levels.size(), 1U) << "nothing to forget, nothing to write";
  RunMemory later({.outputs = 2, .levels = 2}, store, log);
  later.restore(store.outputs, {{"a", SafetyLevel::safe}});
  ASSERT_NE(later.output("a"), nullptr);
  EXPECT_EQ(later.output("a")->status->code, 3);
  EXPECT_EQ(later.level("a"), SafetyLevel::safe);
  EXPECT_EQ(store.outputs.size(), 1U) << "what was read is not written";
  later.started("a", std::nullopt);
  EXPECT_EQ(store.levels.at("a"), std::nullopt);
}

TEST_F(RunMemoryTest, LearnsTheEndOfAProgramThatWasGivenUpUnlessItRanAgain) {
  memory.keep({"a", "1", std::nullopt, WallTime(5s)});
  memory.ended("a", WallTime(5s), {.code = 7}, WallTime(9s));
  EXPECT_EQ(memory.output("a")->status->code, 7);
  EXPECT_EQ(memory.output("a")->ended_at, WallTime(9s));
  EXPECT_EQ(store.outputs.back().status->code, 7);
  memory.keep({"b", "1", std::nullopt, WallTime(5s)});
  memory.keep({"b", "2", std::nullopt, WallTime(6s)});
  memory.ended("b", WallTime(5s), {.code = 7}, WallTime(9s));
  EXPECT_FALSE(memory.output("b")->status) << "the end of the run before";
}

TEST_F(RunMemoryTest, SaysWhenTheDiskFails) {
  store.broken = true;
  memory.keep({"a", "1", {}, WallTime(5s)});
  ASSERT_TRUE(loop.run_until([&] { return !log.lines().empty(); }, 10s));
  EXPECT_NE(memory.output("a"), nullptr);
}

}  // namespace
}  // namespace gk::macros
