#include "monitor/rules/series_set.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gk::monitor {
namespace {

constexpr MonoTime m0{std::chrono::hours(1)};
constexpr WallTime t0{Seconds(1'767'225'600)};

TEST(SeriesSetTest, MakesASeriesAtItsFirstSampleAndFindsItByNameAndSubject) {
  SeriesSet set;
  set.record("cpu_usage", "", "%", {t0, 10}, m0);
  set.record("process_cpu_pct", "macro:dance", "%", {t0, 20}, m0);
  ASSERT_NE(set.find("process_cpu_pct", "macro:dance"), nullptr);
  EXPECT_EQ(set.find("process_cpu_pct", "macro:dance")->series.newest()->value, 20);
  EXPECT_EQ(set.find("process_cpu_pct", ""), nullptr);
}

TEST(SeriesSetTest, DropsASeriesWhoseSubjectVanishedAfterAnHourAndKeepsItsCounts) {
  SeriesSet set({.series = {.raw = 10, .fold = 5, .aggregates = 2}});
  for (int i = 0; i < 11; ++i) set.record("fps", "a", "1/s", {t0 + Seconds(i), 1}, m0);
  set.record("cpu_usage", "", "%", {t0, 1}, m0 + Seconds(1));
  EXPECT_EQ(set.drop_vanished(m0 + std::chrono::minutes(60) - Nanos(1)), 0U);
  EXPECT_EQ(set.drop_vanished(m0 + std::chrono::minutes(60)), 1U);
  EXPECT_EQ(set.find("fps", "a"), nullptr);
  EXPECT_EQ(set.stats().aggregations_performed, 1U) << "counters never fall";
  EXPECT_EQ(set.stats().series, 1U);
}

TEST(SeriesSetTest, RefusesANewSeriesAtTheMemoryLimitAndCountsItsSamples) {
  SeriesSet set({.memory_bytes = 8 * 1024});
  for (int i = 0; i < 100; ++i) {
    set.record("fps", "client " + std::to_string(i), "1/s", {t0, 1}, m0);
  }
  EXPECT_LE(set.memory_bytes(), 8U * 1024U);
  EXPECT_GT(set.stats().series, 2U);
  EXPECT_EQ(set.stats().dropped, 100 - set.stats().series);
  EXPECT_TRUE(set.over_alert());
}

TEST(SeriesSetTest, FoldsEarlyInsteadOfGrowingPastTheMemoryLimit) {
  SeriesSet set({.memory_bytes = 100 * 1024});
  for (int i = 0; i < 50'000; ++i) {
    set.record("cpu_usage", "", "%", {t0 + Seconds(i), 1}, m0);
    ASSERT_LE(set.memory_bytes(), 100U * 1024U);
  }
  EXPECT_EQ(set.stats().dropped, 0U);
  EXPECT_GT(set.stats().aggregations_performed, 10U);
}

TEST(SeriesSetTest, AlertsFromEightyPercentOfTheLimit) {
  SeriesSet set({.memory_bytes = 1 << 20});
  EXPECT_FALSE(set.over_alert());
  int i = 0;
  while (!set.over_alert()) {
    set.record("fps", "client " + std::to_string(i++), "1/s", {t0, 1}, m0);
  }
  EXPECT_NEAR(static_cast<double>(set.memory_bytes()), 0.8 * (1 << 20), 4096);
}

TEST(SeriesSetTest, TellsEveryFoldToItsListener) {
  SeriesSet set({.series = {.raw = 10, .fold = 5, .aggregates = 2}});
  std::vector<std::string> folds;
  set.set_on_fold([&](const SeriesKey& key, const Aggregate& a) {
    folds.push_back(key.name + "/" + key.subject + " " + std::to_string(a.count));
  });
  for (int i = 0; i < 16; ++i) set.record("fps", "a", "1/s", {t0 + Seconds(i), 1}, m0);
  EXPECT_EQ(folds, (std::vector<std::string>{"fps/a 5", "fps/a 5"}));
}

TEST(SeriesSetTest, MemoryIsFlatUnder100SeriesWith100SamplesASecond) {
  SeriesSet set;
  std::vector<std::string> subjects;
  for (int i = 0; i < 100; ++i) subjects.push_back("client-" + std::to_string(i));
  std::size_t after_warm_up = 0;
#ifdef NDEBUG
  constexpr int kTicks = 360'000;  // An hour of 10 ms.
#else
  constexpr int kTicks = 20'000;  // Sanitizers are slower; no aggregate is dropped yet.
#endif
  for (int tick = 0; tick < kTicks; ++tick) {
    const WallTime now = t0 + Millis(10) * tick;
    const MonoTime mono = m0 + Millis(10) * tick;
    for (const auto& subject : subjects) {
      set.record("fps", subject, "1/s", {now, static_cast<double>(tick % 60)}, mono);
    }
    if (tick == 10'100) after_warm_up = set.memory_bytes();
  }
  EXPECT_EQ(set.memory_bytes(), after_warm_up);
  EXPECT_LT(set.memory_bytes(), set.limits().memory_bytes);
  EXPECT_EQ(set.stats().dropped, 0U);
  EXPECT_EQ(set.stats().aggregations_performed, 100U * ((kTicks - 10'000U + 3'599U) / 3'600U));
}

}  // namespace
}  // namespace gk::monitor
