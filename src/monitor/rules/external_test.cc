#include "monitor/rules/external.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gk::monitor {
namespace {

constexpr MonoTime t0{std::chrono::hours(1)};

class ExternalTest : public testing::Test {
 protected:
  Result<void> fps(double value, MonoTime at, std::string_view subject = "",
                   SampleSource source = SampleSource::claim) {
    return external.submit("fps", subject, value, source, at, WallTime(Seconds(1)));
  }
  Snapshot filled(MonoTime now) {
    Snapshot out;
    external.fill(out, now);
    return out;
  }
  ExternalSignals external;
};

TEST_F(ExternalTest, IsUnknownUntilSomebodySends) {
  EXPECT_EQ(filled(t0).fps.reason(), "nobody sent it");
}

TEST_F(ExternalTest, RefusesUnknownSignalsWildValuesAndOddSubjects) {
  EXPECT_FALSE(external.submit("cpu_usage", "", 1, SampleSource::claim, t0, {}));
  EXPECT_FALSE(fps(-1, t0));
  EXPECT_FALSE(fps(std::nan(""), t0));
  EXPECT_FALSE(fps(10'001, t0));
  EXPECT_FALSE(fps(60, t0, std::string(129, 'a')));
  EXPECT_FALSE(fps(60, t0, "a\nb"));
  EXPECT_EQ(external.size(), 0U);
}

TEST_F(ExternalTest, LearnsThePeriodFromArrivalsAndTurnsStaleByIt) {
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(fps(60, t0 + Seconds(i)));
  const MonoTime last = t0 + Seconds(39);
  EXPECT_EQ(filled(last + Millis(2'900)).fps.state(last + Millis(2'900)), SignalState::known);
  EXPECT_EQ(filled(last + Millis(3'100)).fps.state(last + Millis(3'100)), SignalState::stale);
}

TEST_F(ExternalTest, TakesABatchAsOneArrival) {
  for (int i = 0; i < 40; ++i) {
    for (int k = 0; k < 60; ++k) ASSERT_TRUE(fps(60, t0 + Seconds(i) + Micros(k)));
  }
  const MonoTime later = t0 + Seconds(41);
  EXPECT_TRUE(filled(later).fps.is_known(later));
}

TEST_F(ExternalTest, TakesAStatedPeriod) {
  ASSERT_TRUE(external.submit("latency", "", 20, SampleSource::server, t0, {}, Seconds(30)));
  EXPECT_TRUE(filled(t0 + Seconds(90)).latency.is_known(t0 + Seconds(90)));
}

TEST_F(ExternalTest, ShowsMeasuredBeforeClaimedAndThenTheWorst) {
  ASSERT_TRUE(fps(10, t0, "liar"));
  ASSERT_TRUE(fps(55, t0, "a", SampleSource::server));
  ASSERT_TRUE(fps(50, t0, "b", SampleSource::server));
  const Snapshot out = filled(t0);
  EXPECT_EQ(out.fps.value(), 50);
  EXPECT_EQ(out.external.size(), 3U);
}

TEST_F(ExternalTest, ShowsAKnownClaimBeforeAStaleMeasurement) {
  ASSERT_TRUE(fps(50, t0, "a", SampleSource::server));
  ASSERT_TRUE(fps(40, t0 + Seconds(60), "b"));
  EXPECT_EQ(filled(t0 + Seconds(60)).fps.value(), 40);
}

TEST_F(ExternalTest, KeepsAClaimApartFromAMeasurementOfTheSameSubject) {
  ASSERT_TRUE(fps(50, t0, "a", SampleSource::server));
  ASSERT_TRUE(fps(144, t0, "a"));
  EXPECT_EQ(external.size(), 2U);
  EXPECT_EQ(filled(t0).fps.value(), 50);
}

TEST_F(ExternalTest, ShowsAStaleValueBeforeAnUnknownOne) {
  ASSERT_TRUE(fps(50, t0, "frozen"));
  ASSERT_TRUE(external.submit_unknown("fps", "dead", SampleSource::server, "it ended",
                                      t0 + Seconds(60), {}));
  const Snapshot out = filled(t0 + Seconds(60));
  EXPECT_EQ(out.fps.state(t0 + Seconds(60)), SignalState::stale);
  EXPECT_EQ(out.fps.value(), 50);
}

TEST_F(ExternalTest, RefusesTheNewestClaimAtItsLimitAndForgetsAfterAnHour) {
  for (int i = 0; i < 192; ++i) ASSERT_TRUE(fps(60, t0, "c" + std::to_string(i)));
  EXPECT_EQ(fps(60, t0, "one more").error().code, Errc::resource_exhausted);
  EXPECT_TRUE(fps(30, t0, "c0")) << "who has a place keeps it";
  (void)filled(t0 + std::chrono::hours(1) + Nanos(1));
  EXPECT_EQ(external.size(), 0U);
}

TEST_F(ExternalTest, LeavesClaimsNoPlaceOfWhatIsMeasured) {
  for (int i = 0; i < 1000; ++i) (void)fps(60, t0, "c" + std::to_string(i));
  for (int i = 0; i < 512; ++i) {
    ASSERT_TRUE(fps(55, t0, "c" + std::to_string(i), SampleSource::server)) << i;
  }
  EXPECT_EQ(fps(55, t0, "more", SampleSource::server).error().code, Errc::resource_exhausted);
  EXPECT_EQ(filled(t0).fps.value(), 55);
}

TEST_F(ExternalTest, GivesANewClaimThePlaceOfTheOneThatIsSilentLongest) {
  for (int i = 0; i < 192; ++i) ASSERT_TRUE(fps(60, t0 + Millis(i), "c" + std::to_string(i)));
  const MonoTime later = t0 + Seconds(30);
  for (int i = 0; i < 190; ++i) ASSERT_TRUE(fps(60, later, "c" + std::to_string(i)));
  ASSERT_TRUE(fps(60, later, "new"));
  EXPECT_FALSE(external.forget("c190"));
  EXPECT_TRUE(external.forget("c191"));
}

TEST_F(ExternalTest, KeepsNoPlaceForWhoCameAndWentWithoutAValue) {
  const auto come = [&](const std::string& who) {
    return external.submit_unknown("fps", who, SampleSource::claim, "none yet", t0, {});
  };
  ASSERT_TRUE(come("a"));
  EXPECT_EQ(filled(t0).fps.reason(), "none yet");
  ASSERT_TRUE(fps(60, t0, "b"));
  for (const char* const who : {"a", "b", "stranger"}) {
    external.end("fps", who, SampleSource::claim, "it ended", t0, {});
  }
  EXPECT_EQ(external.size(), 1U) << "b had a value, and says why it has none";
  EXPECT_EQ(filled(t0).fps.reason(), "it ended");
}

}  // namespace
}  // namespace gk::monitor
