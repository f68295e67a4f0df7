#include "macros/rules/override_file.h"

#include <gtest/gtest.h>

namespace gk::macros {
namespace {

constexpr std::string_view kClassic =
    R"({"dance": {"safety_level": "safe", "max_duration": 1800, "auto_cancel_enabled": false}})";

TEST(ParseOverrideFile, ReadsAPartialProfileAMacro) {
  const auto file = parse_override_file(kClassic, "dancer.safe.json").value();
  ASSERT_EQ(file.count("dance"), 1U);
  EXPECT_EQ(file.at("dance").max_duration_s, 1800);
}

TEST(ParseOverrideFile, NamesFileLineKeyAndRangeOfEveryError) {
  const auto bad = parse_override_file(
      "{\n \"heal\": {\n  \"max_duration\": 0\n },\n \"dance\": {\n  \"thresholds\": {\n"
      "   \"fps_min\": -1\n  }\n }\n}",
      "x.safe.json");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Errc::invalid_argument);
  EXPECT_EQ(bad.error().message,
            "x.safe.json:3: heal.max_duration: expected a number from 1 to 86400, got 0; "
            "x.safe.json:7: dance.thresholds.fps_min: expected a number from 0 to 1000, got -1");
}

TEST(ParseOverrideFile, NamesTheLineOfBrokenJson) {
  const auto bad = parse_override_file("{\n\"heal\": {\n]", "x.safe.json");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message.rfind("x.safe.json:3: ", 0), 0U) << bad.error().message;
}

TEST(ParseOverrideFile, RefusesWhatIsNoMapOfMacroIds) {
  EXPECT_FALSE(parse_override_file("[]", "x"));
  EXPECT_FALSE(parse_override_file(R"({"../etc":{}})", "x"));
  EXPECT_FALSE(parse_override_file(R"({"heal":3})", "x"));
}

TEST(JsonLineOf, FindsTheSameKeyUnderTheRightParent) {
  constexpr std::string_view text =
      "{\"a\":\n{\"n\":1},\n\"b\":[{\"n\":0}],\n\"c\":{\n\"n\":\"}\\\"\"}}";
  EXPECT_EQ(json_line_of(text, "a.n"), 2U);
  EXPECT_EQ(json_line_of(text, "c.n"), 5U);
  EXPECT_EQ(json_line_of(text, "c.missing"), 4U);
  EXPECT_EQ(json_line_of(text, "nowhere"), 1U);
}

TEST(SplitOverrides, AppliesTighteningAndHoldsLooseningBack) {
  const auto file = parse_override_file(kClassic, "dancer.safe.json").value();
  const auto split = split_overrides(file, false);
  ASSERT_EQ(split.applied.size(), 1U);
  EXPECT_EQ(split.applied[0].field, "max_duration");
  EXPECT_EQ(split.applied[0].from, "3600");
  EXPECT_EQ(split.applied[0].to, "1800");
  ASSERT_EQ(split.pending.size(), 2U);
  EXPECT_EQ(split.pending[0].field, "safety_level");
  EXPECT_EQ(split.pending[1].field, "auto_cancel_enabled");
  const auto p = resolve_profile("dance", nullptr, &split.effective.at("dance"));
  EXPECT_EQ(p.safety_level, SafetyLevel::dangerous);
  EXPECT_EQ(p.max_duration_s, 1800);
  EXPECT_TRUE(p.auto_cancel_enabled);
}

TEST(SplitOverrides, AppliesEverythingOfAnApprovedFile) {
  const auto file = parse_override_file(kClassic, "dancer.safe.json").value();
  const auto split = split_overrides(file, true);
  EXPECT_EQ(split.applied.size(), 3U);
  EXPECT_TRUE(split.pending.empty());
  const auto p = resolve_profile("dance", nullptr, &split.effective.at("dance"));
  EXPECT_EQ(p.safety_level, SafetyLevel::safe);
  EXPECT_FALSE(p.auto_cancel_enabled);
}

TEST(SplitOverrides, KnowsWhichSideOfEachLimitLoosens) {
  const auto file =
      parse_override_file(
          R"({"heal":{"thresholds":{"cpu_usage_max":81,"memory_usage_max":84,"fps_min":14,
      "latency_max":499,"response_time_max":1001},"name":"Mend","discord_notify":false}})",
          "x")
          .value();
  const auto split = split_overrides(file, false);
  std::string applied, pending;
  for (const auto& c : split.applied) applied += c.field + " ";
  for (const auto& c : split.pending) pending += c.field + " ";
  EXPECT_EQ(applied, "thresholds.memory_usage_max thresholds.latency_max name ");
  EXPECT_EQ(pending,
            "thresholds.cpu_usage_max thresholds.fps_min thresholds.response_time_max "
            "discord_notify ");
}

}  // namespace
}  // namespace gk::macros
