#include "arbiter/service/lane_fences.h"

#include <gtest/gtest.h>

namespace gk::arbiter {
namespace {

using Ids = std::vector<std::string>;

Errc outcome(const LaneFences& fences, const char* actor, const Ids& ids = {}) {
  const auto checked = fences.check(actor, ids);
  return checked ? Errc{} : checked.error().code;
}
bool refused(const LaneFences& fences, const char* actor, const Ids& ids = {}) {
  return outcome(fences, actor, ids) == Errc::permission_denied;
}

TEST(LaneFencesTest, RefusesTheNameUntilTheMacroStartsAgain) {
  LaneFences fences;
  fences.enter("heal", "", {});
  EXPECT_FALSE(refused(fences, "heal"));
  fences.fence("heal", FenceReach::name);
  EXPECT_TRUE(refused(fences, "heal"));
  EXPECT_FALSE(refused(fences, "buff"));
  fences.enter("heal", "", {});
  EXPECT_FALSE(refused(fences, "heal"));
}

TEST(LaneFencesTest, RefusesWhatAskedInItsNameUnderEveryOtherName) {
  LaneFences fences;
  fences.enter("heal", "", {"token:registered"});
  fences.note("heal", {"token:asked"});
  fences.fence("heal", FenceReach::program);
  EXPECT_TRUE(refused(fences, "fisher", {"token:asked"}));
  EXPECT_TRUE(refused(fences, "fisher", {"token:registered"}));
  EXPECT_FALSE(refused(fences, "fisher", {"token:other"}));
}

TEST(LaneFencesTest, AStopFencesTheNameOnly) {
  LaneFences fences;
  fences.enter("heal", "process:7:1", {"token:a"});
  fences.fence("heal", FenceReach::name);
  EXPECT_TRUE(refused(fences, "heal", {"token:a"}));
  EXPECT_FALSE(refused(fences, "fisher", {"token:a"}));
}

TEST(LaneFencesTest, OtherMacrosOfTheSameTokenGoOnButNotOfTheProcessThatIsEnded) {
  LaneFences fences;
  fences.enter("heal", "process:7:1", {"token:a"});
  fences.enter("buff", "", {"token:a"});
  fences.fence("heal", FenceReach::program);
  EXPECT_FALSE(refused(fences, "buff", {"token:a"}));
  EXPECT_TRUE(refused(fences, "buff", {"process:7:1"}));
  fences.fence("buff", FenceReach::name);
  EXPECT_TRUE(refused(fences, "buff", {"token:a"}));
}

TEST(LaneFencesTest, AFailedStartDoesNotLiftTheFence) {
  LaneFences fences;
  fences.enter("heal", "", {});
  fences.fence("heal", FenceReach::program);
  fences.enter("heal", "", {});
  fences.take_back("heal");
  EXPECT_TRUE(refused(fences, "heal"));
  fences.enter("buff", "", {});
  fences.take_back("buff");
  EXPECT_FALSE(refused(fences, "buff"));
}

TEST(LaneFencesTest, AStopWhileItStartsHoldsThoughTheStartFails) {
  LaneFences fences;
  fences.enter("heal", "", {"token:a"});
  fences.fence("heal", FenceReach::program);
  fences.take_back("heal");
  EXPECT_TRUE(refused(fences, "heal"));
  EXPECT_TRUE(refused(fences, "fisher", {"token:a"}));
}

TEST(LaneFencesTest, AMacroThatEndedByItselfIsForgotten) {
  LaneFences fences;
  fences.enter("heal", "", {"token:a"});
  fences.leave("heal");
  EXPECT_EQ(fences.size(), 0U);
  fences.fence("buff", FenceReach::name);
  fences.leave("buff");
  EXPECT_TRUE(refused(fences, "buff"));
}

TEST(LaneFencesTest, TheFirstMacroLosesWhenThereAreTooMany) {
  LaneFences fences({.macros = 2, .identities = 1});
  fences.enter("a", "", {"token:1", "token:2"});
  fences.fence("a", FenceReach::program);
  EXPECT_TRUE(refused(fences, "x", {"token:1"}));
  EXPECT_FALSE(refused(fences, "x", {"token:2"})) << "the newest identity is not kept";
  fences.enter("b", "", {});
  fences.enter("c", "", {});
  EXPECT_EQ(fences.size(), 2U);
  EXPECT_FALSE(refused(fences, "a"));
}

}  // namespace
}  // namespace gk::arbiter
