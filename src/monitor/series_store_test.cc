#include "monitor/series_store.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::monitor {
namespace {

constexpr WallTime t0{Seconds(1'767'225'600)};
WallTime at(std::int64_t s) { return t0 + Seconds(s); }

/// Runs posted tasks on the thread of the test, which waits for them.
class Tasks {
 public:
  void post(std::function<void()> task) {
    const std::lock_guard lock(mu_);
    waiting_.push_back(std::move(task));
    more_.notify_all();
  }
  void run_one() {
    std::function<void()> task;
    {
      std::unique_lock lock(mu_);
      more_.wait(lock, [&] { return !waiting_.empty(); });
      task = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
    }
    task();
  }

 private:
  std::mutex mu_;
  std::condition_variable more_;
  std::vector<std::function<void()>> waiting_;
};

class SeriesStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto db =
        store::Database::open({.path = path, .durability = store::Durability::normal}).value();
    const store::RoomMigrations rooms[] = {monitor_migrations()};
    ASSERT_TRUE(store::migrate(*db, rooms, t0));
    writer = std::make_unique<store::Writer>(
        std::move(db), store::WriterOptions{.name = "telemetry"}, clock, log, metrics);
    series = std::make_unique<SeriesStore>(*writer, path, pool,
                                           [this](auto task) { tasks.post(std::move(task)); });
  }
  void save(SeriesBatch batch) {
    Result<void> result = Error{Errc::internal, "no answer"};
    series->save(std::move(batch), [&](Result<void> r) { result = r; });
    tasks.run_one();
    ASSERT_TRUE(result) << result.error().message;
  }
  std::vector<SavedSeries> load(WallTime now) {
    std::vector<SavedSeries> out;
    series->load({}, now, [&](Result<std::vector<SavedSeries>> r) { out = std::move(r).value(); });
    tasks.run_one();
    return out;
  }
  static SeriesChange change(std::vector<Sample> raw, std::vector<Aggregate> folds = {},
                             std::string subject = "") {
    return {.key = {"fps", std::move(subject)},
            .unit = "1/s",
            .raw = std::move(raw),
            .aggregates = std::move(folds),
            .raw_from = {}};
  }
  TempDir dir;
  const std::string path = dir / "telemetry.db";
  ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  Tasks tasks;
  WorkerPool pool{{}};
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<SeriesStore> series;
};

TEST(ChunkTest, ReadsBackWhatItWroteAndRefusesACutChunk) {
  const std::vector<Sample> samples = {{t0, 1.5}, {at(1), -2}};
  auto blob = encode_samples(samples);
  std::vector<Sample> back;
  ASSERT_TRUE(decode_samples(blob, back));
  EXPECT_EQ(back, samples);
  blob.pop_back();
  EXPECT_FALSE(decode_samples(blob, back));
  EXPECT_EQ(back.size(), 2U);
}

TEST_F(SeriesStoreTest, GivesBothTiersBackAfterARestart) {
  const Aggregate fold{
      .from = at(0), .to = at(9), .count = 10, .min = 1, .max = 3, .avg = 2, .p95 = 3, .p99 = 3};
  save({.changes = {change({{at(10), 60}, {at(11), 61}}, {fold})}, .now = at(11)});
  save({.changes = {change({{at(12), 62}})}, .now = at(12)});
  writer.reset();
  const auto saved = load(at(20));
  ASSERT_EQ(saved.size(), 1U);
  EXPECT_EQ(saved[0].unit, "1/s");
  EXPECT_EQ(saved[0].aggregates, std::vector<Aggregate>{fold});
  EXPECT_EQ(saved[0].raw, (std::vector<Sample>{{at(10), 60}, {at(11), 61}, {at(12), 62}}));
}

TEST_F(SeriesStoreTest, DoesNotRestoreTheFutureNorASubjectThatVanishedAnHourAgo) {
  save({.changes = {change({{at(0), 1}, {at(100), 2}}), change({{at(0), 3}}, {}, "client")},
        .now = at(100)});
  EXPECT_EQ(load(at(50)).at(0).raw.size(), 1U) << "the clock was set back";
  EXPECT_EQ(load(at(3'599)).size(), 2U);
  EXPECT_EQ(load(at(3'601)).size(), 1U);
}

TEST_F(SeriesStoreTest, DropsRawSamplesOnlyWhenTheyAreFoldedAndAnHourOld) {
  save({.changes = {change({{at(0), 1}})}, .now = at(0)});
  save({.changes = {change({{at(3'000), 2}})}, .now = at(3'000)});
  SeriesChange folded = change({{at(5'000), 3}}, {{.from = at(0), .to = at(3'000), .count = 2}});
  folded.raw_from = at(5'000);
  save({.changes = {folded}, .now = at(5'000)});
  std::vector<Sample> raw;
  series->query({"fps", ""}, at(0), at(9'999),
                [&](Result<SavedSeries> r) { raw = std::move(r).value().raw; });
  tasks.run_one();
  EXPECT_EQ(raw, (std::vector<Sample>{{at(3'000), 2}, {at(5'000), 3}}))
      << "3000 is folded, but not yet an hour old";
}

TEST_F(SeriesStoreTest, KeepsAggregatesForThirtyDays) {
  const auto days = [](int n) { return t0 + std::chrono::days(n); };
  save({.changes = {change({}, {{.from = at(0), .to = at(1), .count = 1}})}, .now = at(1)});
  save({.changes = {change({{days(29), 1}})}, .now = days(29), .sweep = Sweep::by_age});
  EXPECT_EQ(load(days(29)).at(0).aggregates.size(), 1U);
  save({.changes = {change({{days(31), 1}})}, .now = days(31), .sweep = Sweep::by_age});
  EXPECT_EQ(load(days(31)).at(0).aggregates.size(), 0U);
}

TEST_F(SeriesStoreTest, RemovesByAgeWhatLiesMoreThanADayAhead) {
  save({.changes = {change({{at(0), 1}}), change({{at(100'000), 2}}, {}, "ahead")},
        .now = at(0),
        .sweep = Sweep::by_number});
  EXPECT_EQ(load(at(200'000)).size(), 1U) << "a subject that vanished is not read back";
  save({.changes = {}, .now = at(0), .sweep = Sweep::by_age});
  std::optional<SavedSeries> ahead;
  series->query({"fps", "ahead"}, at(0), at(200'000),
                [&](Result<SavedSeries> r) { ahead = std::move(r).value(); });
  tasks.run_one();
  EXPECT_TRUE(ahead->raw.empty());
  EXPECT_EQ(load(at(10)).size(), 1U);
}

class BoundedSeriesStoreTest : public SeriesStoreTest {
 protected:
  void bound(SeriesRetention retention) {
    series = std::make_unique<SeriesStore>(
        *writer, path, pool, [this](auto task) { tasks.post(std::move(task)); }, retention);
  }
  std::int64_t count(const char* sql) {
    const auto db = store::Database::open({.path = path, .read_only = true}).value();
    store::Statement* row = db->query(sql).value();
    return row->step().value() ? row->integer(0) : -1;
  }
};

TEST_F(BoundedSeriesStoreTest, LosesTheOldestSavedBeyondItsLimitsWhateverTheClockSays) {
  bound({.max_raw = 100, .max_aggregates = 20, .max_series = 5});
  for (int i = 0; i < 60; ++i) {
    const WallTime when = at(i % 7 == 0 ? 500'000'000 - i : i);
    const Aggregate fold{.from = when, .to = when, .count = 1};
    save({.changes = {change({{when, 1}, {when, 2}, {when, 3}}, {fold}, std::to_string(i % 8))},
          .now = when,
          .sweep = Sweep::by_number});
  }
  EXPECT_LE(count("SELECT SUM(samples) FROM series_chunk"), 100);
  EXPECT_LE(count("SELECT COUNT(*) FROM series_aggregate"), 20);
  EXPECT_EQ(count("SELECT COUNT(*) FROM series"), 5);
  EXPECT_EQ(count("SELECT COUNT(*) FROM series WHERE subject = '3'"), 1) << "written last";
}

TEST_F(SeriesStoreTest, ReadsBackTheNewestOfManyChunksAndNoMore) {
  for (int i = 0; i < 30; ++i) {
    std::vector<Sample> raw;
    for (int k = 0; k < 1'000; ++k) raw.push_back({at(i * 1'000 + k), static_cast<double>(k)});
    save({.changes = {change(std::move(raw))}, .now = at(0)});
  }
  const auto back = load(at(40'000));
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].raw.size(), 10'000U);
  EXPECT_EQ(back[0].raw.front().at, at(20'000));
  EXPECT_EQ(back[0].raw.back().at, at(29'999));
}

TEST_F(SeriesStoreTest, AnswersAnUnknownSeriesWithNothing) {
  bool empty = false;
  series->query({"nothing", ""}, at(0), at(1),
                [&](Result<SavedSeries> r) { empty = r && r->unit.empty() && r->raw.empty(); });
  tasks.run_one();
  EXPECT_TRUE(empty);
}

}  // namespace
}  // namespace gk::monitor
