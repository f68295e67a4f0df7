#include "arbiter/service/lane_settings.h"

#include <gtest/gtest.h>

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> faults(std::string_view text) {
  Complaints complaints;
  (void)read_lane_settings(parse_json(text).value(), {}, complaints);
  std::vector<std::string> out;
  for (const auto& [path, message] : complaints) out.push_back(path);
  return out;
}

TEST(LaneSettings, DefaultsAreTheArbitersAndNeedNoOrderOfTheirOwn) {
  const LaneOptions options = LaneSettings{}.options();
  EXPECT_EQ(options.switch_gap, LaneOptions{}.switch_gap);
  EXPECT_EQ(options.max_hold, LaneOptions{}.max_hold);
  EXPECT_EQ(options.pacing, Pacing{});
  EXPECT_FALSE(options.order);
}

TEST(LaneSettings, ComeBackFromTheirOwnJson) {
  LaneSettings settings{0.5, 7, 2, 3, 9, 12, false, 4.0};
  Complaints complaints;
  EXPECT_EQ(read_lane_settings(parse_json(settings.json()).value(), {}, complaints), settings);
  EXPECT_TRUE(complaints.empty());
  EXPECT_EQ(settings.options().pacing.interval, 250ms);
  EXPECT_EQ(settings.options().order, (LaneOrder{2s, 3, 12, Grouping::off}));
}

TEST(LaneSettings, RefusesEachValueOutsideItsRange) {
  EXPECT_EQ(faults(R"({"spacing_s":60,"lease_s":600,"burst":15,"queue_max":4096})").size(), 0U);
  EXPECT_EQ(faults(R"({"spacing_s":60.1,"lease_s":0,"aging_s":0,"burst":16,"timeout_s":3601,
                       "queue_max":0,"groups":1,"rate_per_s":0,"x":1})")
                .size(),
            9U);
}

TEST(Module, DefaultsAreTheKnownActors) {
  const auto modules = default_modules();
  ASSERT_EQ(modules.size(), kKnownActors.size());
  EXPECT_EQ(modules[0].name, "runemaker");
  EXPECT_EQ(modules[0].priority, 100);
  EXPECT_FALSE(modules[0].custom);
}

TEST(Module, ComesBackFromItsOwnJson) {
  Module module{"fisher", "water", 61, 2.0, 3.0, {1000, 1001}, {"/usr/bin/fisher"}, true};
  Complaints complaints;
  const Module again =
      read_module(parse_json(module.json()).value(), "fisher", Module{}, complaints);
  EXPECT_TRUE(complaints.empty());
  EXPECT_EQ(again.json(), module.json());
  EXPECT_EQ(again.options().pacing, (Pacing{500ms, 1s}));
}

TEST(Module, RefusesPathsAndUsersThatAreNone) {
  Complaints complaints;
  (void)read_module(
      parse_json(R"({"uids":[-1],"programs":["fisher"],"priority":256,"name":"x"})").value(),
      "fisher", Module{}, complaints);
  EXPECT_EQ(complaints.size(), 4U);
}

struct Case {
  const char* what;
  std::vector<std::int64_t> uids;
  std::vector<std::string> programs;
  Identity who;
  bool allowed;
};

class MayActAs : public testing::TestWithParam<Case> {};

TEST_P(MayActAs, IsAsTheTableSays) {
  const Case& row = GetParam();
  Module module;
  module.uids = row.uids;
  module.programs = row.programs;
  EXPECT_EQ(may_act_as(row.who, module), row.allowed) << row.what;
}

const Identity kOwn{1000, 7, "/usr/bin/python3", true}, kOther{1001, 8, "/usr/bin/python3", false},
    kHidden{1001, 9, "", false};
INSTANTIATE_TEST_SUITE_P(
    Table, MayActAs,
    testing::Values(
        Case{"unbound, trusted", {}, {}, kOwn, true},
        Case{"unbound, a stranger", {}, {}, kOther, false},
        Case{"its user", {1001}, {}, kOther, true},
        Case{"another user, though trusted", {1001}, {}, kOwn, false},
        Case{"its program, trusted", {}, {"/usr/bin/python3"}, kOwn, true},
        Case{"its program, a stranger", {}, {"/usr/bin/python3"}, kOther, false},
        Case{"another program, though trusted", {}, {"/usr/bin/fisher"}, kOwn, false},
        Case{"its user and program", {1001}, {"/usr/bin/python3"}, kOther, true},
        Case{"its user, a program that cannot be read", {1001}, {"/usr/bin/x"}, kHidden, false},
        Case{"its user, another program", {1001}, {"/usr/bin/fisher"}, kOther, false}));

}  // namespace
}  // namespace gk::arbiter
