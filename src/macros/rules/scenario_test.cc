// The 1,000 random scenarios of the specification; the settings are chosen by the same simulation
// (bench/macros_rules_bench.cc --sweep, docs/decisions/0005-culprit-score.md).
#include <gtest/gtest.h>

#include "macros/rules/scenario_sim_test.h"

namespace gk::macros {
namespace {

using sim::Guilt;
using sim::run_many;

#ifdef GK_SANITIZED  // Whether the code is sound; release builds count all that the figures claim.
constexpr int kFewer = 20;
#else
constexpr int kFewer = 1;
#endif

TEST(Culprit, IsTheOnlyOneCancelledAmongTwentyBesideACompiler) {
  const auto spin = run_many(800 / kFewer, 1, Guilt::spin, {});
  EXPECT_EQ(spin.guilty_cancelled, 800 / kFewer);
  EXPECT_EQ(spin.scenarios_with_an_innocent_cancelled, 0);
  const auto memory = run_many(200 / kFewer, 10'001, Guilt::memory, {});
  EXPECT_EQ(memory.guilty_cancelled, 200 / kFewer);
  EXPECT_EQ(memory.scenarios_with_an_innocent_cancelled, 0);
}

TEST(Culprit, IsNobodyWhenOnlyACompilerRuns) {
  EXPECT_EQ(run_many(200 / kFewer, 20'001, Guilt::none, {}).scenarios_with_an_innocent_cancelled,
            0);
}

TEST(Culprit, IsNobodyWhenAllStarveBesideACompiler) {
  EXPECT_EQ(run_many(200 / kFewer, 25'001, Guilt::starved, {}).scenarios_with_an_innocent_cancelled,
            0);
}

TEST(Culprit, IsFoundByTheGameBelowItsOwnLimits) {
  const auto quiet = run_many(200 / kFewer, 30'001, Guilt::quiet_spin, {});
  EXPECT_EQ(quiet.guilty_cancelled, 200 / kFewer);
  EXPECT_EQ(quiet.scenarios_with_an_innocent_cancelled, 0);
}

TEST(Culprit, IsTheFlooderThatUsesNoCpuBesideACompiler) {
  const auto flood = run_many(300 / kFewer, 60'001, Guilt::flood, {});
  EXPECT_EQ(flood.guilty_cancelled, 300 / kFewer);
  EXPECT_EQ(flood.scenarios_with_an_innocent_cancelled, 0);
}

TEST(Culprit, IsNotWhoeverAloneSendsCommandsWhileACompilerSlowsTheGame) {
  EXPECT_EQ(
      run_many(200 / kFewer, 70'001, Guilt::sole_sender, {}).scenarios_with_an_innocent_cancelled,
      0);
}

// Negative control: without the commands in the score the flooder goes free.
TEST(Culprit, CommandsAreWhatConvictsTheFlooder) {
  WatchSettings blind;
  blind.culprit.command_weight = 0;
  EXPECT_EQ(run_many(50, 60'001, Guilt::flood, blind).guilty_cancelled, 0);
}

// Negative control: with "whoever is highest" in place of threshold and margin, the tests above
// fail, so they do test the culprit rule.
TEST(Culprit, TestIsWhatProtectsTheInnocent) {
  WatchSettings careless;
  careless.culprit.threshold = 0;
  careless.culprit.margin = 1;
  EXPECT_GT(run_many(50, 20'001, Guilt::none, careless).scenarios_with_an_innocent_cancelled, 25);
}

}  // namespace
}  // namespace gk::macros
