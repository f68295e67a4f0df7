// What the watch does when a window of a profile opens or closes. Also run with planted bugs.
#include <gtest/gtest.h>

#include "macros/rules/macro_watch.h"

namespace gk::macros {
namespace {

using monitor::Signal;
using namespace std::chrono_literals;
using Action = Decision::Action;

class WindowWatchTest : public testing::Test {
 protected:
  WindowWatchTest() {
    day.macro_id = "dance";
    day.safety_level = SafetyLevel::dangerous;
    day.thresholds.cpu_usage_max = 80;
    night = day;
    night.thresholds.cpu_usage_max = 40;
    night.max_duration_s = 60;
    WatchSettings settings;
    settings.cores = 2;
    watch = std::make_unique<MacroWatch>(settings);
    watch->add(day, now, &snapshot);
  }
  std::vector<Decision> tick(double demand_pct, Nanos by = 100ms) {
    now += by;
    auto& process = snapshot.processes["macro:dance"];
    process.demand_pct = Signal::known(demand_pct, now, {}, 100ms);
    process.cpu_pct = process.demand_pct;
    return watch->evaluate(&snapshot, now);
  }
  MonoTime now{1h};
  monitor::Snapshot snapshot;
  MacroSafetyProfile day, night;
  std::unique_ptr<MacroWatch> watch;
};

TEST_F(WindowWatchTest, TheWindowsLimitHoldsFromItsBeginAndIsNamed) {
  EXPECT_TRUE(tick(50).empty());
  EXPECT_TRUE(tick(50).empty());
  watch->set_profile(night, "night");
  EXPECT_TRUE(tick(50).empty()) << "two samples, as for any limit";
  const auto d = tick(50);
  ASSERT_EQ(d.size(), 1U);
  EXPECT_EQ(d[0].action, Action::cancel);
  EXPECT_EQ(d[0].reason, "Performance threshold exceeded: cpu_usage 50 > 40");
  EXPECT_EQ(d[0].rule.window, "night");
}

TEST_F(WindowWatchTest, TheProfilesLimitHoldsAgainFromItsEnd) {
  watch->set_profile(night, "night");
  EXPECT_TRUE(tick(50).empty());
  watch->set_profile(day, "");
  EXPECT_TRUE(tick(50).empty());
  EXPECT_TRUE(tick(50).empty());
  EXPECT_TRUE(tick(85).empty());
  const auto d = tick(85);
  ASSERT_EQ(d.size(), 1U);
  EXPECT_EQ(d[0].rule.enter, 80);
  EXPECT_EQ(d[0].rule.window, "");
}

TEST_F(WindowWatchTest, ABreachOfTheOldLimitIsNoneOfTheNewOne) {
  day.safety_level = night.safety_level = SafetyLevel::safe;
  watch->remove("dance", now);
  watch->add(night, now, &snapshot);
  EXPECT_TRUE(tick(75).empty());
  ASSERT_EQ(tick(75).size(), 1U) << "warned";
  watch->set_profile(day, "");
  const auto d = tick(75);  // Above the leave level of neither limit's breach but the old one's.
  ASSERT_EQ(d.size(), 1U);
  EXPECT_EQ(d[0].action, Action::clear);
}

TEST_F(WindowWatchTest, AGraceGoesOnThroughAWindowsEnd) {
  day.safety_level = night.safety_level = SafetyLevel::safe;
  watch->remove("dance", now);
  watch->add(day, now, &snapshot);
  std::optional<Action> last;
  int ticks = 0;
  for (; ticks < 150 && last != Action::cancel; ++ticks) {
    if (ticks == 50) watch->set_profile(night, "night");
    const auto d = tick(95);
    if (!d.empty()) last = d[0].action;
  }
  EXPECT_EQ(last, Action::cancel);
  EXPECT_LT(ticks, 110) << "10 s after the warning, not after the window's begin";
}

TEST_F(WindowWatchTest, AShorterDurationHoldsAtOnce) {
  EXPECT_TRUE(tick(10, 100s).empty());
  watch->set_profile(night, "night");
  const auto d = tick(10);
  ASSERT_EQ(d.size(), 1U);
  EXPECT_EQ(d[0].reason, "Duration exceeded: 101 s > 60 s");
  EXPECT_EQ(d[0].rule.window, "night");
}

TEST_F(WindowWatchTest, AProfileInDryRunIsRecordedOnly) {
  day.dry_run = true;
  watch->set_profile(day, "");
  EXPECT_TRUE(tick(95).empty());
  const auto d = tick(95);
  ASSERT_EQ(d.size(), 1U);
  EXPECT_EQ(d[0].action, Action::record);
}

}  // namespace
}  // namespace gk::macros
