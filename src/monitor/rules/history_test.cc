#include "monitor/rules/history.h"

#include <gtest/gtest.h>

namespace gk::monitor {
namespace {

constexpr MonoTime t0{std::chrono::hours(1)};

History::Item snapshot(MonoTime at, Signal cpu) {
  Snapshot out;
  out.at = at;
  out.cpu_usage = std::move(cpu);
  return std::make_shared<const Snapshot>(std::move(out));
}

Signal known(double value, MonoTime at) { return Signal::known(value, at, {}, Seconds(1)); }

TEST(HistoryTest, KeepsTheNewestHundred) {
  History history;
  for (int i = 0; i < 150; ++i) history.push(snapshot(t0 + Seconds(i), known(i, t0)));
  EXPECT_EQ(history.size(), 100U);
  EXPECT_EQ(history[0]->at, t0 + Seconds(50));
  EXPECT_EQ(history.latest()->at, t0 + Seconds(149));
}

TEST(HistoryTest, AveragesTheWindowAndSaysHowManyItUsed) {
  History history;
  for (int i = 0; i < 60; ++i) {
    const MonoTime at = t0 + Seconds(i);
    history.push(snapshot(at, known(i < 30 ? 1000 : 10, at)));
  }
  const Average average = history.average(&Snapshot::cpu_usage, Seconds(30), t0 + Seconds(59));
  EXPECT_DOUBLE_EQ(average.value.value(), 10);
  EXPECT_EQ(average.samples_used, 30U);
  EXPECT_EQ(average.samples_total, 30U);
}

TEST(HistoryTest, IgnoresUnknownAndStaleValues) {
  History history;
  history.push(snapshot(t0, known(50, t0)));
  history.push(snapshot(t0 + Seconds(1), Signal::unknown("broken")));
  history.push(snapshot(t0 + Seconds(4), known(90, t0)));  // 4 s old: stale.
  const Average average = history.average(&Snapshot::cpu_usage, Seconds(30), t0 + Seconds(4));
  EXPECT_DOUBLE_EQ(average.value.value(), 50);
  EXPECT_EQ(average.samples_used, 1U);
  EXPECT_EQ(average.samples_total, 3U);
}

TEST(HistoryTest, HasNoAverageWhenNothingWasKnown) {
  History history;
  history.push(snapshot(t0, Signal::unknown("broken")));
  const Average average = history.average(&Snapshot::cpu_usage, Seconds(30), t0);
  EXPECT_FALSE(average.value);
  EXPECT_EQ(average.samples_total, 1U);
}

TEST(HistoryTest, CountsARareMeasurementOnceHoweverOftenASnapshotCarriesIt) {
  History history;
  const Signal once = Signal::known(10, t0, {}, Seconds(10));
  for (int i = 0; i < 5; ++i) history.push(snapshot(t0 + Seconds(i), once));
  history.push(snapshot(t0 + Seconds(5), Signal::known(20, t0 + Seconds(5), {}, Seconds(10))));
  const Average average = history.average(&Snapshot::cpu_usage, Seconds(30), t0 + Seconds(5));
  EXPECT_DOUBLE_EQ(average.value.value(), 15);
  EXPECT_EQ(average.samples_used, 2U);
}

}  // namespace
}  // namespace gk::monitor
