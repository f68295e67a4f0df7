#include "store/write_behind.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "store/testing/fault_vfs.h"
#include "testing/capture_log.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::store {
namespace {

class WriteBehindTest : public testing::Test {
 protected:
  void SetUp() override {
    auto db = Database::open({.path = path, .vfs = vfs.name()}).value();
    ASSERT_TRUE(db->execute("CREATE TABLE t(k TEXT PRIMARY KEY, v TEXT) STRICT"));
    writer = std::make_unique<Writer>(std::move(db), WriterOptions{.name = "state"}, clock, log,
                                      metrics);
    make({.name = "test"});
  }
  void make(WriteBehindOptions options) {
    behind = std::make_unique<WriteBehind>(
        *writer,
        [this](std::function<void()> task) {
          const std::lock_guard lock(mu);
          tasks.push_back(std::move(task));
          more.notify_all();
        },
        [this](Nanos delay) { wakes.push_back(delay); }, std::move(options), metrics);
  }
  Result<void> put(const std::string& key, const std::string& value) {
    return behind->put(key, value, [key, value](Database& db) -> Result<void> {
      return db.query("INSERT INTO t(k, v) VALUES($1, $2) ON CONFLICT(k) DO UPDATE SET v = $2")
          .value()
          ->bind(1, std::string_view(key))
          .bind(2, std::string_view(value))
          .run();
    });
  }
  void run_one() {
    std::function<void()> task;
    {
      std::unique_lock lock(mu);
      more.wait(lock, [&] { return !tasks.empty(); });
      task = std::move(tasks.front());
      tasks.pop_front();
    }
    task();
  }
  Result<void> flush() {
    std::optional<Result<void>> out;
    behind->flush([&](Result<void> result) { out = result; });
    while (!out) run_one();
    return *out;
  }
  std::map<std::string, std::string> stored() {
    const auto db = Database::open({.path = path, .read_only = true}).value();
    std::map<std::string, std::string> out;
    Statement* rows = db->query("SELECT k, v FROM t").value();
    while (rows->step().value()) out.emplace(rows->text(0), rows->text(1));
    return out;
  }
  FaultVfs vfs{"behind"};
  TempDir dir;
  const std::string path = dir / "t.db";
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  std::mutex mu;
  std::condition_variable more;
  std::deque<std::function<void()>> tasks;
  std::vector<Nanos> wakes;
  std::unique_ptr<Writer> writer;
  std::unique_ptr<WriteBehind> behind;
};

TEST_F(WriteBehindTest, WritesManyChangesOfOneKeyOnceAfterAHundredMilliseconds) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(put("a", std::to_string(i)));
  ASSERT_TRUE(put("b", "x"));
  EXPECT_EQ(wakes, std::vector<Nanos>{Millis(100)}) << "one timer, from the first change on";
  EXPECT_TRUE(stored().empty());
  behind->tick();
  run_one();
  EXPECT_EQ(stored(), (std::map<std::string, std::string>{{"a", "49"}, {"b", "x"}}));
  EXPECT_EQ(behind->stats().writes, 2U);
  EXPECT_EQ(behind->stats().batches, 1U);
  EXPECT_EQ(behind->stats().writes_saved, 49U);
  EXPECT_EQ(behind->stats().bytes_saved, 10U + 39U * 2U);
  EXPECT_EQ(behind->stats().waiting, 0U);
}

TEST_F(WriteBehindTest, DoesNotWriteWhatTheDiskHas) {
  ASSERT_TRUE(put("a", "1"));
  ASSERT_TRUE(flush());
  ASSERT_TRUE(put("a", "1"));
  EXPECT_EQ(behind->stats().waiting, 0U);
  EXPECT_EQ(behind->stats().writes_saved, 1U);
  ASSERT_TRUE(put("a", "2"));
  ASSERT_TRUE(put("a", "1"));
  ASSERT_TRUE(flush()) << "back to what it was: written all the same, and right";
  EXPECT_EQ(stored().at("a"), "1");
}

TEST_F(WriteBehindTest, AWaiterIsToldAfterTheCommitAndNotBefore) {
  ASSERT_TRUE(put("a", "1"));
  bool told = false;
  behind->flush([&](Result<void> result) { told = result.ok(); });
  EXPECT_FALSE(told);
  run_one();
  EXPECT_TRUE(told);
  EXPECT_EQ(stored().at("a"), "1");
}

TEST_F(WriteBehindTest, KeepsAChangeThatTheDiskRefusedAndTriesAgain) {
  vfs.fail(FileCall::write, Fault::disk_full, 0, 1'000);
  ASSERT_TRUE(put("a", "1"));
  EXPECT_EQ(flush().error().code, Errc::unavailable);
  EXPECT_EQ(behind->stats().waiting, 1U);
  EXPECT_EQ(wakes.back(), Seconds(1)) << "not ten times a second";
  ASSERT_TRUE(put("a", "2"));
  vfs.heal();
  behind->tick();
  run_one();
  EXPECT_EQ(stored().at("a"), "2");
  EXPECT_EQ(behind->stats().waiting, 0U);
}

TEST_F(WriteBehindTest, AChangeThatComesWhileItsKeyIsBeingWrittenIsWrittenNext) {
  ASSERT_TRUE(put("a", "1"));
  behind->tick();
  ASSERT_TRUE(put("a", "2"));
  run_one();
  EXPECT_EQ(behind->stats().waiting, 1U);
  EXPECT_EQ(wakes.size(), 2U) << "a timer for what is left";
  behind->tick();
  run_one();
  EXPECT_EQ(stored().at("a"), "2");
}

TEST_F(WriteBehindTest, AForgottenChangeIsNotWrittenAndALaterOneIs) {
  ASSERT_TRUE(put("a", "1"));
  behind->forget("a");
  ASSERT_TRUE(flush());
  EXPECT_TRUE(stored().empty());
  ASSERT_TRUE(put("a", "1"));
  ASSERT_TRUE(flush());
  EXPECT_EQ(stored().at("a"), "1");
}

TEST_F(WriteBehindTest, RefusesTheNewestKeyWhenTooManyWait) {
  make({.name = "small", .max_changes = 2});
  ASSERT_TRUE(put("a", "1"));
  ASSERT_TRUE(put("b", "1"));
  EXPECT_EQ(put("c", "1").error().code, Errc::resource_exhausted);
  EXPECT_TRUE(put("a", "2")) << "a key that waits may change";
}

TEST_F(WriteBehindTest, ItsEndHandsWhatIsLeftToTheWriter) {
  ASSERT_TRUE(put("a", "1"));
  behind->tick();
  ASSERT_TRUE(put("a", "2"));
  ASSERT_TRUE(put("b", "1"));
  behind.reset();
  writer.reset();
  EXPECT_EQ(stored(), (std::map<std::string, std::string>{{"a", "2"}, {"b", "1"}}));
}

TEST_F(WriteBehindTest, RandomChangesFaultsAndFlushesLeaveWhatANaiveModelHolds) {
  SeededRandom random(11);
  std::map<std::string, std::string> model;
  for (int i = 0; i < 3'000; ++i) {
    const std::string key(1, static_cast<char>('a' + random.below(8)));
    const std::string value = std::to_string(random.below(5));
    ASSERT_TRUE(put(key, value));
    model[key] = value;
    if (random.below(60) == 0) vfs.fail(FileCall::sync, Fault::io_error, random.below(3), 1);
    if (random.below(20) == 0) behind->tick();
    if (random.below(50) == 0) {
      if (flush()) {
        ASSERT_EQ(stored(), model) << "a waiter was told that all is on disk";
      }
    }
  }
  vfs.heal();
  ASSERT_TRUE(flush());
  EXPECT_EQ(stored(), model);
  const auto stats = behind->stats();
  EXPECT_LT(stats.writes, 3'000U);
}

}  // namespace
}  // namespace gk::store
