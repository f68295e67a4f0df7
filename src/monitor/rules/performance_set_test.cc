#include "monitor/rules/performance_set.h"

#include <gtest/gtest.h>

namespace gk::monitor {
namespace {

constexpr MonoTime t0{std::chrono::hours(1)};

TEST(PerformanceSetTest, KeepsClaimsApartFromMeasurementsAndMergesIssuesByTime) {
  PerformanceSet set;
  set.context("a", SampleSource::server, t0)->on_frame(150, t0 + Seconds(1));
  set.context("a", SampleSource::claim, t0)->on_frame(350, t0);
  const auto issues = set.issues(t0 + Seconds(1));
  ASSERT_EQ(issues.size(), 2U);
  EXPECT_EQ(issues[0].source, SampleSource::claim);
  EXPECT_EQ(issues[1].source, SampleSource::server);
  EXPECT_EQ(set.find("b", SampleSource::claim), nullptr);
}

TEST(PerformanceSetTest, RefusesSubjectsPastItsLimitAndForgetsSilentOnes) {
  PerformanceSet set;
  for (std::size_t i = 0; i < PerformanceSet::kMaxContexts; ++i) {
    ASSERT_NE(set.context("c" + std::to_string(i), SampleSource::server, t0), nullptr);
  }
  EXPECT_EQ(set.context("one more", SampleSource::server, t0), nullptr);
  set.drop_vanished(t0 + PerformanceSet::kVanishAfter + Nanos(1));
  EXPECT_EQ(set.size(), 0U);
}

TEST(PerformanceSetTest, KeepsRoomForWhatIsMeasured) {
  PerformanceSet set;
  for (std::size_t i = 0; i < PerformanceSet::kMaxClaims; ++i) {
    ASSERT_NE(set.context("c" + std::to_string(i), SampleSource::claim, t0), nullptr);
  }
  EXPECT_EQ(set.context("one more", SampleSource::claim, t0), nullptr);
  EXPECT_NE(set.context("c0", SampleSource::claim, t0), nullptr) << "is known already";
  EXPECT_NE(set.context("", SampleSource::server, t0), nullptr);
}

}  // namespace
}  // namespace gk::monitor
