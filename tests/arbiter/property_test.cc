// Any script of steps keeps every rule; and each planted bug breaks the rule it belongs to.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <map>

#include "script.h"
#include "testing/seeded_random.h"

namespace gk::arbiter {
namespace {

std::vector<Step> random_script(SeededRandom& random, std::size_t steps) {
  std::vector<Step> script(steps);
  for (Step& step : script) {
    const std::uint64_t word = random.next();
    step = {static_cast<std::uint8_t>(word), static_cast<std::uint8_t>(word >> 8),
            static_cast<std::uint8_t>(word >> 16)};
  }
  return script;
}

TEST(ArbiterProperty, AnyScriptKeepsEveryRule) {
  const bool held = rc::check("every rule holds", [] {
    const auto raw = *rc::gen::container<std::vector<std::array<std::uint8_t, 3>>>(
        rc::gen::arbitrary<std::array<std::uint8_t, 3>>());
    std::vector<Step> script;
    for (const auto& step : raw) script.push_back({step[0], step[1], step[2]});
    const auto violation =
        run_script(script, *rc::gen::arbitrary<bool>() ? crowded_world() : simple_world());
    if (violation) RC_FAIL(*violation);
  });
  EXPECT_TRUE(held);
}

TEST(ArbiterProperty, LongScriptsKeepEveryRule) {
  // GK_ARBITER_SCRIPTS=200000 is the long form, run by hand.
  const char* asked = std::getenv("GK_ARBITER_SCRIPTS");
  const int scripts = asked != nullptr ? std::atoi(asked) : 3000;
  SeededRandom random(2026);
  for (int i = 0; i < scripts; ++i) {
    const auto script = random_script(random, 150);
    const auto violation = run_script(script, i % 3 == 0 ? simple_world() : crowded_world());
    ASSERT_FALSE(violation) << "script " << i << ": " << *violation;
  }
}

/// Which rule must be named when this bug is planted.
const std::map<MutantForTest, std::string>& expected_rule() {
  static const std::map<MutantForTest, std::string> kRules{
      {MutantForTest::grant_while_held, "rule 1"},
      {MutantForTest::share_end_ends_root, "rule 1"},
      {MutantForTest::ignore_priority, "rule 2"},
      {MutantForTest::ignore_age_order, "rule 2"},
      {MutantForTest::ignore_burst_limit, "rule 2"},
      {MutantForTest::burst_never_resets, "rule 2"},
      {MutantForTest::slip_in_during_cooldown, "rule 2"},
      {MutantForTest::no_aging, "rule 3"},
      {MutantForTest::aging_rounds_up, "rule 3"},
      {MutantForTest::early_by_a_millisecond, "rule 4"},
      {MutantForTest::no_spacing, "rule 4"},
      {MutantForTest::gap_within_group, "rule work"},
      {MutantForTest::no_lane_pacing, "rule 5"},
      {MutantForTest::no_actor_pacing, "rule 5"},
      {MutantForTest::paced_ticket_blocks, "rule work"},
      {MutantForTest::grant_after_deadline, "rule 6"},
      {MutantForTest::two_outcomes, "rule 6"},
      {MutantForTest::reuse_token, "rule 7"},
      {MutantForTest::lease_never_ends, "rule 7"},
      {MutantForTest::accept_stale_send, "rule 7"},
      {MutantForTest::renew_under_contention, "rule 7"},
      {MutantForTest::dead_owner_keeps, "rule 7"},
      {MutantForTest::no_wound, "rule 9"},
      {MutantForTest::partial_acquire_all, "rule 1"},
      {MutantForTest::no_external_check, "rule 9"},
      {MutantForTest::no_inheritance, "rule 10"},
      {MutantForTest::forget_to_grant, "rule work"},
      {MutantForTest::untraced_renewal, "rule 12"},
  };
  return kRules;
}

TEST(ArbiterProperty, EachPlantedBugIsCaughtUnderItsRule) {
  for (int m = 1; m < static_cast<int>(MutantForTest::count); ++m) {
    const auto mutant = static_cast<MutantForTest>(m);
    ASSERT_TRUE(expected_rule().contains(mutant)) << "no rule for planted bug " << m;
    const std::string& rule = expected_rule().at(mutant);
    SeededRandom random(7);
    std::string first, named;
    for (int i = 0; i < 4000 && named.empty(); ++i) {
      const auto violation = run_script(random_script(random, 120),
                                        i % 2 == 0 ? crowded_world() : simple_world(), mutant);
      if (!violation) continue;
      if (first.empty()) first = *violation;
      if (violation->starts_with(rule)) named = *violation;
    }
    EXPECT_FALSE(named.empty()) << "planted bug " << m << " not caught as \"" << rule
                                << "\"; first seen: " << first;
  }
}

}  // namespace
}  // namespace gk::arbiter
