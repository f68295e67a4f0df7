// The power goes: of the series nothing is lost that was saved, so at most what save_every holds.

#include <gtest/gtest.h>

#include <cstdlib>
#include <latch>

#include "monitor/series_store.h"
#include "store/testing/fault_vfs.h"
#include "testing/capture_log.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::monitor {
namespace {

constexpr WallTime t0{Seconds(1'767'225'600)};
constexpr int kBatches = 60;
constexpr int kSeries = 8;

/// Images: 100 in the suite, more by hand: GK_STORE_ROUNDS=2000.
int images() {
  const char* wanted = std::getenv("GK_STORE_ROUNDS");
  return wanted == nullptr ? 100 : std::atoi(wanted);
}

class SeriesPowerLossTest : public testing::Test {
 protected:
  /// Saves batch after batch, as the monitor does every 10 s; each waits for the one before.
  void save_all(store::Durability durability) {
    auto db =
        store::Database::open({.path = path, .durability = durability, .vfs = vfs.name()}).value();
    const store::RoomMigrations rooms[] = {monitor_migrations()};
    ASSERT_TRUE(store::migrate(*db, rooms, t0));
    ASSERT_TRUE(db->execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint=40"));
    ASSERT_TRUE(vfs.record(path));
    store::Writer writer(std::move(db), {.name = "telemetry"}, clock, log, metrics);
    WorkerPool pool{{.threads = 1}};
    SeriesStore series(writer, path, pool, [](const std::function<void()>& task) { task(); });
    for (int batch = 0; batch < kBatches; ++batch) {
      std::latch saved(1);
      series.save(batch_of(batch), [&](const Result<void>& result) {
        ASSERT_TRUE(result);
        acknowledged.emplace_back(vfs.recorded(), batch);
        saved.count_down();
      });
      saved.wait();
    }
  }
  static SeriesBatch batch_of(int number) {
    SeriesBatch batch{.changes = {}, .now = t0 + Seconds(10 * number)};
    for (int s = 0; s < kSeries; ++s) {
      SeriesChange change{
          .key = {"fps", std::to_string(s)}, .unit = "1/s", .raw = {}, .aggregates = {}};
      for (int i = 0; i < 10; ++i) {
        change.raw.push_back({t0 + Seconds(10 * number + i), static_cast<double>(number)});
      }
      batch.changes.push_back(std::move(change));
    }
    return batch;
  }
  /// Samples of all series in an image; nothing when it cannot be read.
  static std::optional<std::int64_t> samples_in(const std::string& image) {
    const auto db = store::Database::open({.path = image});
    if (!db) return std::nullopt;
    auto row = (*db)->query("SELECT COALESCE(SUM(samples), 0) FROM series_chunk");
    if (!row) return std::nullopt;
    const auto there = (*row)->step();
    if (!there || !*there) return std::nullopt;
    return (*row)->integer(0);
  }
  /// Images that lack a batch which had been acknowledged, or cannot be read.
  int lost(int count) {
    SeededRandom random(3);
    const std::string image = dir / "image.db";
    int out = 0;
    for (int i = 0; i < count; ++i) {
      const std::uint64_t cut = random.below(vfs.recorded() + 1);
      EXPECT_TRUE(vfs.power_loss_image(path, cut, random, image));
      std::int64_t promised = 0;
      for (const auto& [at, batch] : acknowledged) {
        if (at <= cut) promised = (batch + 1) * kSeries * 10;
      }
      const auto found = samples_in(image);
      out += !found || *found < promised;
    }
    return out;
  }
  store::FaultVfs vfs{"series-recording"};
  TempDir dir;
  const std::string path = dir / "telemetry.db";
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  std::vector<std::pair<std::uint64_t, int>> acknowledged;
};

TEST_F(SeriesPowerLossTest, NothingThatWasSavedIsLost) {
  save_all(store::Durability::full);
  EXPECT_EQ(lost(images()), 0);
}

TEST_F(SeriesPowerLossTest, WithoutASyncOfEachBatchTheTestNotices) {
  save_all(store::Durability::normal);
  EXPECT_GT(lost(60), 0);
}

}  // namespace
}  // namespace gk::monitor
