// A series over virtual days, through the service and a real telemetry.db: both tiers answer.

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <latch>
#include <mutex>

#include "monitor/monitor.h"
#include "monitor/series_store.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::monitor {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class SeriesTiersTest : public testing::Test {
 protected:
  /// A daemon's start: opens the file, reads back what was saved.
  void start(SeriesLimits limits) {
    auto db =
        store::Database::open({.path = path, .durability = store::Durability::normal}).value();
    const store::RoomMigrations rooms[] = {monitor_migrations()};
    ASSERT_TRUE(store::migrate(*db, rooms, clock.wall()));
    writer = std::make_unique<store::Writer>(
        std::move(db), store::WriterOptions{.name = "telemetry"}, real, log, metrics);
    const auto post = [this](std::function<void()> task) {
      const std::lock_guard lock(mu);
      tasks.push_back(std::move(task));
    };
    store = std::make_unique<SeriesStore>(*writer, path, pool, post);
    MonitorOptions options;
    options.sampler.sensors.root = "/nonexistent/";
    options.series.series = limits;
    options.watch_self = false;
    monitor = std::make_unique<Monitor>(options, post, clock, log, metrics, store.get());
    ASSERT_TRUE(monitor->start());
    monitor->stop();
    settle();
  }
  /// And its end: what is not saved yet is lost, as after kill -9.
  void end() {
    settle();
    monitor.reset();
    settle();
    store.reset();
    writer.reset();
  }
  /// Runs what the pool and the writer answer until both have nothing left.
  void settle() {
    std::latch pool_done(1);  // One thread, in order: what was there before has run.
    ASSERT_TRUE(pool.post([&] { pool_done.count_down(); }));
    pool_done.wait();
    if (writer) {
      ASSERT_TRUE(writer->run([](store::Database&) { return Result<void>(); }));
    }
    run_tasks();
  }
  void run_tasks() {
    std::deque<std::function<void()>> now;
    {
      const std::lock_guard lock(mu);
      now.swap(tasks);
    }
    for (const auto& task : now) task();
  }
  void sample(Nanos after, double value) {
    clock.advance(after);
    ASSERT_TRUE(monitor->submit_sample("response_time", value, "", SampleSource::server));
    monitor->sample_for_test();
    run_tasks();
  }
  Monitor::SeriesAnswer query(WallTime from, WallTime to, Micros step) {
    const auto window = SeriesWindow::create(from, to, step, clock.wall()).value();
    settle();  // Virtual days are faster than the writer.
    Result<Monitor::SeriesAnswer> got = Error{Errc::internal, "no answer"};
    monitor->query_series("response_time", "", window,
                          [&](Result<Monitor::SeriesAnswer> answer) { got = std::move(answer); });
    settle();
    return std::move(got).value();
  }
  TempDir dir;
  const std::string path = dir / "telemetry.db";
  ManualClock clock;
  const SystemClock real;  // Of the writer's thread.
  CaptureLog log;
  Metrics metrics;
  std::mutex mu;
  std::deque<std::function<void()>> tasks;
  WorkerPool pool{{.threads = 1}};
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<SeriesStore> store;
  std::unique_ptr<Monitor> monitor;
};

TEST_F(SeriesTiersTest, AnswersTwelveDaysFromBothTiersAndTheDiskAcrossARestart) {
  const SeriesLimits limits{.raw = 1'000, .fold = 360, .aggregates = 10};
  start(limits);
  const WallTime first = clock.wall() + minutes(1);
  for (int i = 0; i < 12 * 24 * 60; ++i) {
    sample(minutes(1), i);
    if (i == 6 * 24 * 60) {
      end();
      start(limits);
    }
  }
  const auto all = query(first, clock.wall(), hours(6));
  ASSERT_EQ(all.points.size(), 48U);
  for (std::size_t i = 0; i < all.points.size(); ++i) {
    ASSERT_TRUE(all.points[i].value) << "a gap at step " << i;
    // An aggregate of 6 h may straddle two steps: its average is within one step of the truth.
    EXPECT_NEAR(*all.points[i].value, static_cast<double>(i) * 360 + 180, 361) << i;
  }
  EXPECT_GE(all.aggregates.size(), 40U) << "10 are in memory, the others come from the disk";
  for (std::size_t i = 1; i < all.aggregates.size(); ++i) {
    ASSERT_LT(all.aggregates[i - 1].to, all.aggregates[i].from) << "none twice, in order";
  }
  EXPECT_EQ(all.aggregates.front().count, 360U);
  EXPECT_EQ(all.aggregates.front().p95, 342);
  EXPECT_EQ(all.aggregates.front().p99, 356);
}

TEST_F(SeriesTiersTest, KeepsRawSamplesOfTheLastHourOnDiskWhenTheRingIsShorter) {
  start({.raw = 1'000, .fold = 360, .aggregates = 30});
  const WallTime first = clock.wall();
  for (int i = 0; i < 2 * 36'000; ++i) sample(Millis(100), i);  // 10 Hz, two hours.
  const WallTime then = clock.wall() - minutes(58);
  const auto minute = query(then, then + minutes(1), Millis(100));
  std::size_t exact = 0;
  for (const auto& point : minute.points) {
    exact += point.value && !point.min && std::abs(*point.value - std::round(*point.value)) < 1e-9;
  }
  EXPECT_GE(exact, 599U) << "raw, not the average of 36 s";
  const auto before = query(first, first + minutes(30), minutes(5));
  EXPECT_TRUE(before.points[1].value) << "older than an hour: aggregates";
  EXPECT_TRUE(before.points[1].min);
}

TEST_F(SeriesTiersTest, ARestartAfterKill9LosesAtMostTheLastTenSeconds) {
  start({});
  for (int i = 0; i < 605; ++i) sample(Seconds(1), i);
  const WallTime now = clock.wall();
  end();
  start({});
  const auto newest = monitor->series().find("response_time", "")->series.newest();
  ASSERT_TRUE(newest);
  EXPECT_GE(newest->at, now - Seconds(10));
  EXPECT_EQ(monitor->series().find("response_time", "")->series.oldest_raw()->value, 0);
}

TEST_F(SeriesTiersTest, AClockTenYearsAheadDoesNotCostTheHistory) {
  const SeriesLimits limits{.raw = 100, .fold = 36, .aggregates = 30};
  start(limits);
  const WallTime first = clock.wall();
  for (int i = 0; i < 500; ++i) sample(Seconds(30), i);
  clock.jump_wall(std::chrono::days(3'650));
  for (int i = 0; i < 100; ++i) sample(Seconds(30), 1'000 + i);  // Past a sweep, 10 min.
  clock.jump_wall(-std::chrono::days(3'650));
  for (int i = 0; i < 100; ++i) sample(Seconds(30), 2'000 + i);
  end();  // What memory still has is no proof.
  start(limits);
  const auto back = query(first, clock.wall(), minutes(10));
  EXPECT_TRUE(back.points[0].value) << "the hours before the jump are there";
  EXPECT_TRUE(back.points[20].value);
  EXPECT_TRUE(back.points.back().value);
}

TEST_F(SeriesTiersTest, ExportsAndForgetsASubjectInMemoryAndOnDisk) {
  const SeriesLimits limits{.raw = 100, .fold = 36, .aggregates = 30};
  start(limits);
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(monitor->submit_sample("latency", i, "alice", SampleSource::claim));
    ASSERT_TRUE(monitor->submit_sample("latency", i, "bob", SampleSource::claim));
    sample(Seconds(10), 1);
  }
  settle();
  const auto exported = [&](const std::string& subject) {
    Result<std::vector<SavedSeries>> out = Error{Errc::internal, "no answer"};
    monitor->export_subject(subject, [&](auto answer) { out = std::move(answer); });
    settle();
    return out;
  };
  const auto before = exported("alice");
  ASSERT_TRUE(before);
  ASSERT_EQ(before->size(), 1U);
  EXPECT_EQ(before->at(0).raw.size(), 300U) << "each sample once";
  EXPECT_GE(before->at(0).aggregates.size(), 5U);
  Result<void> erased = Error{Errc::internal, "no answer"};
  monitor->erase_subject("alice", [&](Result<void> r) { erased = r; });
  settle();
  EXPECT_TRUE(erased);
  EXPECT_EQ(exported("alice").error().code, Errc::not_found);
  EXPECT_EQ(exported("bob")->at(0).raw.size(), 300U);
  monitor->erase_subject("alice", [&](Result<void> r) { erased = r; });
  settle();
  EXPECT_EQ(erased.error().code, Errc::not_found);
  sample(Seconds(10), 1);  // Saves: nothing of alice comes back.
  end();
  start(limits);
  EXPECT_EQ(exported("alice").error().code, Errc::not_found);
}

}  // namespace
}  // namespace gk::monitor
