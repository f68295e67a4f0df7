#include "macros/rules/safety_profile.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

ProfilePatch patch_of(std::string_view json) {
  Complaints complaints;
  const JsonValue document = parse_json(json).value();
  ProfilePatch patch = read_profile_patch(document, "heal", complaints);
  EXPECT_TRUE(complaints.empty());
  return patch;
}

Complaints complaints_of(std::string_view json) {
  Complaints complaints;
  const JsonValue document = parse_json(json).value();
  (void)read_profile_patch(document, "heal", complaints);
  return complaints;
}

TEST(ResolveProfile, GivesTheSixBuiltinsTheirLevelAndDuration) {
  const auto& all = builtin_profiles();
  ASSERT_EQ(all.size(), 6U);
  const auto heal = resolve_profile("heal", nullptr, nullptr);
  EXPECT_EQ(heal.safety_level, SafetyLevel::safe);
  EXPECT_EQ(heal.max_duration_s, 60);
  EXPECT_EQ(heal.thresholds, PerformanceThresholds{}) << "built-ins take the thresholds' defaults";
  EXPECT_EQ(resolve_profile("buff", nullptr, nullptr).max_duration_s, 120);
  EXPECT_EQ(resolve_profile("attack", nullptr, nullptr).safety_level, SafetyLevel::risky);
  EXPECT_EQ(resolve_profile("craft", nullptr, nullptr).max_duration_s, 600);
  EXPECT_EQ(resolve_profile("travel", nullptr, nullptr).max_duration_s, 180);
  const auto dance = resolve_profile("dance", nullptr, nullptr);
  EXPECT_EQ(dance.safety_level, SafetyLevel::dangerous);
  EXPECT_EQ(dance.max_duration_s, 3600);
  EXPECT_EQ(dance.source, ProfileSource::builtin);
}

TEST(ResolveProfile, TreatsAnUnknownIdAsRiskyFor300Seconds) {
  const auto p = resolve_profile("mystery", nullptr, nullptr);
  EXPECT_EQ(p.safety_level, SafetyLevel::risky);
  EXPECT_EQ(p.max_duration_s, 300);
  EXPECT_TRUE(p.auto_cancel_enabled);
  EXPECT_EQ(p.source, ProfileSource::fallback);
  EXPECT_EQ(p.name, "mystery");
}

TEST(ResolveProfile, TakesTheLevelsRowWhenAnUnknownIdGetsALevel) {
  const ProfilePatch custom = patch_of(R"({"safety_level":"dangerous"})");
  const auto p = resolve_profile("mystery", &custom, nullptr);
  EXPECT_EQ(p.thresholds, (PerformanceThresholds{60, 75, 25, 300, 600}));
}

TEST(ResolveProfile, PrefersCustomOverFileOverBuiltinFieldByField) {
  const ProfilePatch custom = patch_of(R"({"max_duration":10})");
  const ProfilePatch file =
      patch_of(R"({"max_duration":20,"thresholds":{"fps_min":30},"name":"Mend"})");
  const auto p = resolve_profile("heal", &custom, &file);
  EXPECT_EQ(p.max_duration_s, 10);
  EXPECT_EQ(p.thresholds.fps_min, 30);
  EXPECT_EQ(p.thresholds.cpu_usage_max, 80);
  EXPECT_EQ(p.name, "Mend");
  EXPECT_EQ(p.safety_level, SafetyLevel::safe);
  EXPECT_EQ(p.source, ProfileSource::custom);
  EXPECT_EQ(resolve_profile("heal", nullptr, &file).source, ProfileSource::override_file);
}

TEST(WithLevel, TightensButKeepsOwnStricterLimits) {
  const ProfilePatch custom = patch_of(R"({"thresholds":{"cpu_usage_max":40}})");
  const auto p = with_level(resolve_profile("attack", &custom, nullptr), SafetyLevel::dangerous);
  EXPECT_EQ(p.thresholds.cpu_usage_max, 40);
  EXPECT_EQ(p.thresholds.memory_usage_max, 75);
  EXPECT_EQ(p.thresholds.fps_min, 25);
}

TEST(WithLevel, TakesTheRowOfAWeakerLevel) {
  const auto p = with_level(resolve_profile("dance", nullptr, nullptr), SafetyLevel::safe);
  EXPECT_EQ(p.thresholds, (PerformanceThresholds{90, 92, 10, 800, 2000}));
}

TEST(ReadProfilePatch, NamesEveryBadMemberWithItsRange) {
  const auto c = complaints_of(
      R"({"max_duration":0,"thresholds":{"cpu_usage_max":101,"gpu":1},"safety_level":"mild","x":1})");
  ASSERT_EQ(c.size(), 5U);
  EXPECT_EQ(c[0].first, "heal.safety_level");
  EXPECT_EQ(c[1].first, "heal.max_duration");
  EXPECT_EQ(c[1].second, "expected a number from 1 to 86400, got 0");
  EXPECT_EQ(c[2].first, "heal.x");
  EXPECT_EQ(c[3].first, "heal.thresholds.cpu_usage_max");
  EXPECT_EQ(c[4].first, "heal.thresholds.gpu");
}

TEST(ReadProfilePatch, RefusesWhatIsNoObjectAndPatternsThatAreNone) {
  EXPECT_EQ(complaints_of("[1]").size(), 1U);
  EXPECT_EQ(complaints_of(R"({"patterns":[1]})").size(), 1U);
  EXPECT_EQ(complaints_of(R"({"patterns":"x"})").size(), 1U);
  EXPECT_EQ(complaints_of(R"({"thresholds":3})").size(), 1U);
}

TEST(ReadProfilePatch, TreatsNullAsNotSet) {
  EXPECT_TRUE(patch_of(R"({"max_duration":null,"thresholds":null,"patterns":null})").empty());
}

TEST(ValidMacroId, TakesOnlyWhatIsSafeInAPath) {
  EXPECT_TRUE(valid_macro_id("heal_2-x"));
  EXPECT_TRUE(valid_macro_id(std::string(64, 'a')));
  EXPECT_FALSE(valid_macro_id(std::string(65, 'a')));
  EXPECT_FALSE(valid_macro_id(""));
  EXPECT_FALSE(valid_macro_id("../x"));
  EXPECT_FALSE(valid_macro_id("Heal"));
}

}  // namespace
}  // namespace gk::macros
