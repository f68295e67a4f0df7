#include "monitor/monitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <mutex>

#include "monitor/monitor_json.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"

namespace gk::monitor {
namespace {

/// Keeps what is saved, and gives back what a test put in.
class FakeStorage final : public SeriesStorage {
 public:
  void save(SeriesBatch batch, std::function<void(Result<void>)> done) override {
    batches.push_back(std::move(batch));
    if (done) done(save_result);
  }
  void load(const SeriesLimits&, WallTime, Loaded done) override { loaded = std::move(done); }
  void query(const SeriesKey& key, WallTime from, WallTime to, Queried done) override {
    queries.push_back({from, to});
    SavedSeries out = older;
    out.key = key;
    done(out);
  }
  void export_subject(const std::string&, std::vector<std::string>, Exported done) override {
    done(std::vector<SavedSeries>{});
  }
  void erase_subject(const std::string&, std::vector<std::string>, Erased done) override {
    done(false);
  }
  std::vector<SeriesBatch> batches;
  Result<void> save_result;
  Loaded loaded;
  SavedSeries older;
  std::vector<std::pair<WallTime, WallTime>> queries;
};

class MonitorTest : public testing::Test {
 protected:
  std::unique_ptr<Monitor> make(SeriesStorage* with) {
    MonitorOptions options;
    options.sampler.sensors.root = "/nonexistent/";
    return std::make_unique<Monitor>(
        options, [this](auto task) { tasks.push_back(task); }, clock, log, metrics, with);
  }
  void sample(Monitor& monitor, double fps) {
    clock.advance(Seconds(1));
    ASSERT_TRUE(monitor.submit_sample("fps", fps, "", SampleSource::claim));
    monitor.sample_for_test();
  }
  std::deque<std::function<void()>> tasks;
  ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  FakeStorage storage;
};

TEST_F(MonitorTest, PublishesEverySnapshotToSubscribersAndKeepsItInTheHistory) {
  const auto monitor = make(nullptr);
  std::vector<std::uint64_t> numbers;
  const auto subscription = monitor->snapshots().subscribe(
      [&](const Monitor::Published& snapshot) { numbers.push_back(snapshot->number); });
  sample(*monitor, 60);
  sample(*monitor, 50);
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(monitor->history().size(), 2U);
  EXPECT_DOUBLE_EQ(
      monitor->history().average(&Snapshot::fps, Seconds(30), clock.mono()).value.value(), 55);
}

TEST_F(MonitorTest, NeverInventsAValueForAMachineWithoutSensors) {
  const auto monitor = make(nullptr);
  sample(*monitor, 60);
  const auto snapshot = monitor->history().latest();
  EXPECT_FALSE(snapshot->cpu_usage.measured());
  EXPECT_FALSE(snapshot->memory_usage.measured());
  EXPECT_EQ(monitor->series().find("cpu_usage", ""), nullptr) << "no sample, no series";
  EXPECT_NE(metrics.text().find("gamekeeper_cpu_usage_percent Nan"), std::string::npos);
}

TEST_F(MonitorTest, RecordsAMeasurementOnceHoweverOftenSnapshotsCarryIt) {
  const auto monitor = make(nullptr);
  sample(*monitor, 60);
  clock.advance(Seconds(1));
  monitor->sample_for_test();
  clock.advance(Seconds(1));
  monitor->sample_for_test();
  EXPECT_EQ(monitor->series().find("fps", "")->series.size(), 1U);
}

TEST_F(MonitorTest, SavesWhatIsNewInBatchesAndOnce) {
  const auto monitor = make(&storage);
  storage.loaded = nullptr;
  ASSERT_TRUE(monitor->start());
  monitor->stop();
  storage.loaded(std::vector<SavedSeries>{});
  storage.batches.clear();
  for (int i = 0; i < 21; ++i) sample(*monitor, 60);
  std::size_t saved = 0;
  for (const auto& batch : storage.batches) {
    for (const auto& change : batch.changes)
      saved += change.key.name == "fps" ? change.raw.size() : 0;
  }
  EXPECT_GE(storage.batches.size(), 2U);
  EXPECT_LE(storage.batches.size(), 4U);
  EXPECT_GE(saved, 20U);
  EXPECT_LE(saved, 21U);
}

TEST_F(MonitorTest, HoldsSamplesBackUntilTheSavedOnesAreThere) {
  const auto monitor = make(&storage);
  ASSERT_TRUE(monitor->start());
  monitor->stop();
  sample(*monitor, 60);
  EXPECT_EQ(monitor->series().find("fps", ""), nullptr);
  SavedSeries saved{.key = {"fps", ""}, .unit = "1/s", .aggregates = {}, .raw = {}};
  saved.raw = {{clock.wall() - Seconds(100), 40}};
  storage.loaded(std::vector<SavedSeries>{saved});
  ASSERT_NE(monitor->series().find("fps", ""), nullptr);
  sample(*monitor, 61);
  EXPECT_EQ(monitor->series().find("fps", "")->series.oldest_raw()->value, 40);
  EXPECT_EQ(monitor->series().find("fps", "")->series.newest()->value, 61);
}

TEST_F(MonitorTest, GoesOnWithoutHistoryWhenTheStoreCannotBeRead) {
  const auto monitor = make(&storage);
  ASSERT_TRUE(monitor->start());
  monitor->stop();
  storage.loaded(Error{Errc::data_loss, "telemetry.db: corrupt"});
  sample(*monitor, 60);
  EXPECT_NE(monitor->series().find("fps", ""), nullptr);
  EXPECT_NE(log.lines().front().find("corrupt"), std::string::npos);
}

TEST_F(MonitorTest, CountsBatchesThatCouldNotBeSaved) {
  storage.save_result = Error{Errc::resource_exhausted, "disk full"};
  const auto monitor = make(&storage);
  ASSERT_TRUE(monitor->start());
  monitor->stop();
  storage.loaded(std::vector<SavedSeries>{});
  for (int i = 0; i < 12; ++i) sample(*monitor, 60);
  EXPECT_GE(metrics.counter("gamekeeper_series_save_failures_total", "").value(), 1);
  EXPECT_GT(monitor->series().find("fps", "")->series.size(), 10U) << "memory still has them";
}

TEST_F(MonitorTest, SavesWhatTheDiskRefusedWithTheNextBatchThatItTakes) {
  storage.save_result = Error{Errc::unavailable, "disk full"};
  const auto monitor = make(&storage);
  ASSERT_TRUE(monitor->start());
  monitor->stop();
  storage.loaded(std::vector<SavedSeries>{});
  for (int i = 0; i < 35; ++i) sample(*monitor, i);
  storage.save_result = {};
  storage.batches.clear();
  for (int i = 35; i < 47; ++i) sample(*monitor, i);
  std::vector<double> saved;
  for (const auto& batch : storage.batches) {
    for (const auto& change : batch.changes) {
      for (const auto& raw : change.raw) {
        if (change.key.name == "fps") saved.push_back(raw.value);
      }
    }
  }
  ASSERT_GE(saved.size(), 40U);
  EXPECT_EQ(saved.front(), 0) << "from the first that was refused";
  EXPECT_TRUE(std::is_sorted(saved.begin(), saved.end())) << "in order and none twice";
  EXPECT_EQ(metrics.counter("gamekeeper_series_unsaved_lost_samples_total", "").value(), 0);
}

TEST_F(MonitorTest, AnswersASeriesFromMemoryAndAsksTheStoreForWhatIsOlder) {
  const auto monitor = make(&storage);
  ASSERT_TRUE(monitor->start());
  monitor->stop();
  storage.loaded(std::vector<SavedSeries>{});
  storage.older.unit = "1/s";
  storage.older.raw = {{clock.wall() - Seconds(50), 10}};
  sample(*monitor, 60);
  const auto window =
      SeriesWindow::create(clock.wall() - Seconds(60), clock.wall(), Seconds(1), clock.wall())
          .value();
  std::vector<double> values;
  monitor->query_series("fps", "", window, [&](Result<Monitor::SeriesAnswer> answer) {
    for (const auto& point : answer->points) {
      if (point.value) values.push_back(*point.value);
    }
  });
  EXPECT_EQ(values, (std::vector<double>{10, 60}));
  ASSERT_EQ(storage.queries.size(), 1U);
  EXPECT_LT(storage.queries[0].second, clock.wall());
}

TEST_F(MonitorTest, SaysNotFoundForASeriesThatNobodyRecorded) {
  const auto monitor = make(nullptr);
  const auto window = SeriesWindow::create({}, {}, {}, clock.wall()).value();
  Errc code = Errc::internal;
  monitor->query_series("nothing", "", window,
                        [&](Result<Monitor::SeriesAnswer> answer) { code = answer.error().code; });
  EXPECT_EQ(code, Errc::not_found);
}

TEST_F(MonitorTest, TurnsAClaimedFrameRateIntoAClaimedIssue) {
  const auto monitor = make(nullptr);
  ASSERT_TRUE(monitor->submit_sample("fps", 12, "client", SampleSource::claim));
  ASSERT_TRUE(monitor->submit_sample("frame_ms", 250, "server", SampleSource::server));
  const auto issues = monitor->performance().issues(clock.mono());
  ASSERT_EQ(issues.size(), 2U);
  EXPECT_EQ(issues[0].source, SampleSource::claim);
  EXPECT_EQ(issues[1].source, SampleSource::server);
}

TEST_F(MonitorTest, KnowsAFrameRateFromThirtyFramesOnAndKeepsWhoSaidSo) {
  const auto monitor = make(nullptr);
  for (int i = 0; i < 29; ++i) {
    ASSERT_TRUE(monitor->submit_sample("frame_ms", 20, "client", SampleSource::claim));
  }
  monitor->sample_for_test();
  EXPECT_TRUE(monitor->history().latest()->external.empty());
  ASSERT_TRUE(monitor->submit_sample("frame_ms", 20, "client", SampleSource::claim));
  monitor->sample_for_test();
  const auto snapshot = monitor->history().latest();
  ASSERT_EQ(snapshot->external.size(), 1U);
  EXPECT_EQ(snapshot->external[0].source, SampleSource::claim);
  EXPECT_DOUBLE_EQ(snapshot->external[0].value.value(), 50);
}

TEST_F(MonitorTest, RefusesFramesThatCannotBeAndSubjectsThatMayNotBe) {
  const auto monitor = make(nullptr);
  for (const double bad : {0.0, 0.09, 60'001.0, std::nan("")}) {
    EXPECT_EQ(monitor->submit_sample("frame_ms", bad, "", SampleSource::claim).error().code,
              Errc::invalid_argument);
  }
  EXPECT_EQ(monitor->submit_sample("frame_ms", 16, "a\nb", SampleSource::claim).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(monitor->performance().size(), 0U);
}

TEST_F(MonitorTest, AnnouncesAndCountsEachIssueOnce) {
  const auto monitor = make(nullptr);
  std::vector<PerformanceIssue> told;
  const auto subscription =
      monitor->issues().subscribe([&](const PerformanceIssue& issue) { told.push_back(issue); });
  for (int i = 0; i < 40; ++i) {  // Low from the 30th frame on, which is said once.
    ASSERT_TRUE(monitor->submit_sample("frame_ms", 50, "client", SampleSource::claim));
  }
  ASSERT_TRUE(monitor->submit_sample("frame_ms", 301, "client", SampleSource::claim));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].kind, IssueKind::low_fps);
  EXPECT_EQ(told[1].kind, IssueKind::stutter);
  const auto text = metrics.text();
  EXPECT_NE(text.find("gamekeeper_performance_issues_total{kind=\"stutter\",severity=\"high\","
                      "source=\"claim\"} 1"),
            std::string::npos);
  EXPECT_NE(text.find("gamekeeper_performance_issues_total{kind=\"stutter\",severity=\"high\","
                      "source=\"server\"} 0"),
            std::string::npos);
}

TEST_F(MonitorTest, LetsNoNumberOfClaimsKeepOutWhatItMeasures) {
  const auto monitor = make(nullptr);
  Errc code = Errc::internal;
  for (std::size_t i = 0; i <= PerformanceSet::kMaxClaims; ++i) {
    const auto taken =
        monitor->submit_sample("frame_ms", 16, "c" + std::to_string(i), SampleSource::claim);
    if (!taken) code = taken.error().code;
  }
  EXPECT_EQ(code, Errc::resource_exhausted);
  EXPECT_TRUE(monitor->submit_sample("frame_ms", 16, "game", SampleSource::server));
}

TEST_F(MonitorTest, BringsSnapshotsOfItsThreadToTheLoopByOnePost) {
  const SystemClock real;
  std::mutex mu;
  std::condition_variable posted;
  MonitorOptions options;
  options.sampler.interval = Millis(100);
  Monitor monitor(
      options,
      [&](auto task) {
        const std::lock_guard lock(mu);
        tasks.push_back(task);
        posted.notify_all();
      },
      real, log, metrics, nullptr);
  ASSERT_TRUE(monitor.start());
  std::function<void()> task;
  {
    std::unique_lock lock(mu);
    posted.wait(lock, [&] { return !tasks.empty(); });
    task = tasks.front();
  }
  task();
  EXPECT_GE(monitor.history().size(), 1U);
  monitor.stop();
}

TEST_F(MonitorTest, IgnoresATaskThatRunsAfterItsEnd) {
  std::function<void()> task;
  {
    const SystemClock real;
    std::mutex mu;
    std::condition_variable posted;
    Monitor monitor(
        {},
        [&](auto t) {
          const std::lock_guard lock(mu);
          task = t;
          posted.notify_all();
        },
        real, log, metrics, nullptr);
    ASSERT_TRUE(monitor.start());
    std::unique_lock lock(mu);
    posted.wait(lock, [&] { return task != nullptr; });
  }
  task();
}

TEST_F(MonitorTest, ShowsSignalsInTheShapeOfTheApi) {
  const auto monitor = make(nullptr);
  sample(*monitor, 60);
  PerformanceBody body;
  const auto json = parse_json(body.get(*monitor, clock.mono())).value();
  const JsonValue* fps = json.find("current")->find("fps");
  EXPECT_EQ(fps->find("value")->as_number(), 60);
  EXPECT_EQ(fps->find("state")->as_string(), "known");
  EXPECT_TRUE(fps->find("reason")->is_null());
  EXPECT_EQ(fps->find("at")->as_string(), "2026-01-01T00:00:01.000Z");
  const JsonValue* cpu = json.find("current")->find("cpu_usage");
  EXPECT_TRUE(cpu->find("value")->is_null());
  EXPECT_EQ(cpu->find("state")->as_string(), "unknown");
  EXPECT_TRUE(cpu->find("at")->is_null());
  EXPECT_EQ(json.find("current")->as_object().size(), 18U) << "17 signals and the score";
  EXPECT_EQ(json.find("averages")->find("fps")->find("samples_used")->as_int(), 1);
  EXPECT_EQ(json.find("averages")->find("fps")->find("window_s")->as_int(), 30);
  EXPECT_EQ(json.find("history")->as_array().size(), 1U);
}

TEST_F(MonitorTest, RemakesTheBodyForANewSnapshotAndForStalenessOnly) {
  const auto monitor = make(nullptr);
  sample(*monitor, 60);
  PerformanceBody body;
  const std::string first = body.get(*monitor, clock.mono());
  clock.advance(Millis(999));
  EXPECT_EQ(body.get(*monitor, clock.mono()), first);
  clock.advance(Seconds(60));
  EXPECT_NE(body.get(*monitor, clock.mono()).find("\"stale\""), std::string::npos);
}

}  // namespace
}  // namespace gk::monitor
