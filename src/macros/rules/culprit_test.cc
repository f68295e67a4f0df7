#include "macros/rules/culprit.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

Suspect suspect(std::string id, double demand, double cpu) {
  return {std::move(id), demand, cpu, std::nullopt, std::nullopt};
}

MachineLoad load(double cpu_usage, double cores) {
  MachineLoad l;
  l.cpu_usage_pct = cpu_usage;
  l.cores = cores;
  return l;
}

TEST(FindCulprit, NamesTheMacroWithMostOfTheDemand) {
  const std::vector<Suspect> suspects{suspect("calm", 5, 5), suspect("spin", 100, 100)};
  const Verdict v = find_culprit(Blame::cpu, suspects, load(60, 2), {});
  ASSERT_TRUE(v.culprit);
  EXPECT_EQ(v.scores[*v.culprit].macro_id, "spin");
  EXPECT_NEAR(v.scores[1].share, 100.0 / 120, 1e-9);
  EXPECT_NEAR(v.margin, 20, 1e-9);
}

TEST(FindCulprit, CountsACompilerInTheDenominator) {
  const std::vector<Suspect> suspects{suspect("calm", 5, 5)};
  const Verdict v = find_culprit(Blame::cpu, suspects, load(100, 2), {});
  EXPECT_FALSE(v.culprit);
  EXPECT_NEAR(v.scores[0].share, 5.0 / 200, 1e-9);
}

TEST(FindCulprit, ScalesTheCompilersDemandByTheQueueingOfTheMacros) {
  // The macro waits two thirds of its time; so must the compiler, whose CPU time is 180.
  const std::vector<Suspect> suspects{suspect("busy", 60, 20)};
  const Verdict v = find_culprit(Blame::cpu, suspects, load(100, 2), {});
  EXPECT_NEAR(v.scores[0].share, 60.0 / (60 + 180 * 3), 1e-9);
  EXPECT_FALSE(v.culprit);
}

TEST(FindCulprit, AcquitsTwoEqualMacros) {
  const std::vector<Suspect> suspects{suspect("a", 90, 90), suspect("b", 90, 90)};
  EXPECT_FALSE(find_culprit(Blame::cpu, suspects, load(90, 2), {}).culprit);
}

TEST(FindCulprit, NamesNobodyWhenTheMachineIsUnknown) {
  const std::vector<Suspect> suspects{suspect("spin", 100, 100)};
  EXPECT_FALSE(find_culprit(Blame::cpu, suspects, {}, {}).culprit);
  EXPECT_FALSE(find_culprit(Blame::game, suspects, {}, {}).culprit);
  EXPECT_FALSE(find_culprit(Blame::memory, suspects, {}, {}).culprit);
  EXPECT_FALSE(find_culprit(Blame::cpu, {}, load(99, 2), {}).culprit);
}

TEST(FindCulprit, BlamesTheOnlyMacroOfAGameThatSlowsOnAnIdleMachine) {
  const std::vector<Suspect> suspects{{"remote", {}, {}, {}, {}}};
  EXPECT_TRUE(find_culprit(Blame::game, suspects, load(20, 2), {}).culprit);
}

TEST(FindCulprit, AcquitsTheOnlyMacroOfAGameThatSlowsOnASaturatedMachine) {
  const std::vector<Suspect> suspects{{"remote", {}, {}, {}, {}}};
  EXPECT_FALSE(find_culprit(Blame::game, suspects, load(98, 2), {}).culprit);
  MachineLoad pressed = load(40, 8);
  pressed.cpu_pressure_pct = 90;
  EXPECT_FALSE(find_culprit(Blame::game, suspects, pressed, {}).culprit);
}

TEST(FindCulprit, PrefersTheSenderOfMostCommands) {
  const std::vector<Suspect> suspects{{"spam", {}, {}, {}, 0.9}, {"calm", {}, {}, {}, 0.1}};
  const Verdict v = find_culprit(Blame::game, suspects, load(10, 2), {});
  ASSERT_TRUE(v.culprit);
  EXPECT_EQ(v.scores[*v.culprit].macro_id, "spam");
}

TEST(FindCulprit, ComparesMemoryWithWhatIsInUse) {
  MachineLoad l;
  l.memory_usage_pct = 90;
  l.memory_total_bytes = 1000;
  const std::vector<Suspect> suspects{{"hog", {}, {}, 450, {}}, {"calm", {}, {}, 10, {}}};
  const Verdict v = find_culprit(Blame::memory, suspects, l, {});
  ASSERT_TRUE(v.culprit);
  EXPECT_NEAR(v.scores[0].score, 0.5, 1e-9);
}

}  // namespace
}  // namespace gk::macros
