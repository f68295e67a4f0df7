#include "store/writer.h"

#include <gtest/gtest.h>

#include <latch>
#include <set>
#include <thread>

#include "testing/capture_log.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::store {
namespace {

Result<void> insert(Database& db, int id) {
  auto statement = db.query("INSERT INTO t(id) VALUES($1)");
  if (!statement) return statement.error();
  return (*statement)->bind(1, id).run();
}

class WriterTest : public testing::Test {
 protected:
  WriterTest() {
    const auto db = open();
    EXPECT_TRUE(db->execute("CREATE TABLE t(id INTEGER PRIMARY KEY) STRICT"));
  }
  std::unique_ptr<Database> open() { return Database::open({.path = path}).value(); }
  std::unique_ptr<Writer> writer(WriterOptions options = {}) {
    if (options.name.empty()) options.name = "state";
    return std::make_unique<Writer>(open(), options, clock, log, metrics);
  }
  /// Ids in the file, as another connection sees them.
  std::vector<int> ids() {
    const auto db = Database::open({.path = path, .read_only = true}).value();
    std::vector<int> out;
    Statement* rows = db->query("SELECT id FROM t ORDER BY id").value();
    while (rows->step().value()) out.push_back(static_cast<int>(rows->integer(0)));
    return out;
  }
  /// Keeps the writer busy until released, so that later jobs share one batch.
  struct Plug {
    std::latch began{1}, release{1};
    Writer::Job job() {
      return [this](Database&) -> Result<void> {
        began.count_down();
        release.wait();
        return {};
      };
    }
  };
  Plug plug;
  TempDir dir;
  const std::string path = dir / "t.db";
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
};

TEST_F(WriterTest, RunReturnsWhenOthersCanSeeTheChange) {
  const auto w = writer();
  ASSERT_TRUE(w->run([](Database& db) { return insert(db, 1); }));
  EXPECT_EQ(ids(), std::vector<int>{1});
}

TEST_F(WriterTest, DoneIsCalledAfterTheCommit) {
  std::vector<int> seen;
  std::latch done(1);
  const auto w = writer();
  ASSERT_TRUE(w->submit([](Database& db) { return insert(db, 1); },
                        [&](Result<void> result) {
                          EXPECT_TRUE(result);
                          seen = ids();
                          done.count_down();
                        }));
  done.wait();
  EXPECT_EQ(seen, std::vector<int>{1});
}

TEST_F(WriterTest, JobsThatWaitTogetherShareOneCommitInOrder) {
  std::vector<int> order;
  std::latch done(10);
  const auto w = writer();
  ASSERT_TRUE(w->submit(plug.job()));
  plug.began.wait();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(w->submit([i](Database& db) { return insert(db, i); },
                          [&, i](Result<void>) {
                            order.push_back(i);
                            done.count_down();
                          }));
  }
  EXPECT_EQ(w->stats().queued, 10U);
  plug.release.count_down();
  done.wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(w->stats().commits, 2U);
  EXPECT_EQ(w->stats().jobs, 11U);
}

TEST_F(WriterTest, FailingJobUndoesAllItsStatementsAndOnlyItsOwn) {
  std::vector<Errc> errors;
  std::latch done(3);
  const auto w = writer();
  const auto note = [&](Result<void> result) {
    errors.push_back(result ? Errc{} : result.error().code);
    done.count_down();
  };
  ASSERT_TRUE(w->submit(plug.job()));
  plug.began.wait();
  ASSERT_TRUE(w->submit([](Database& db) { return insert(db, 1); }, note));
  ASSERT_TRUE(w->submit(
      [](Database& db) {
        EXPECT_TRUE(insert(db, 2));
        return insert(db, 1);
      },
      note));
  ASSERT_TRUE(w->submit([](Database& db) { return insert(db, 3); }, note));
  plug.release.count_down();
  done.wait();
  EXPECT_EQ(errors, (std::vector{Errc{}, Errc::already_exists, Errc{}}));
  EXPECT_EQ(ids(), (std::vector{1, 3}));
}

TEST_F(WriterTest, JobMayLeaveASelectOnItsRow) {
  const auto w = writer();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(w->run([i](Database& db) -> Result<void> {
      EXPECT_TRUE(insert(db, i));
      EXPECT_TRUE(db.query("SELECT id FROM t").value()->step().value());
      return {};
    }));
  }
  EXPECT_EQ(ids(), (std::vector{0, 1, 2}));
}

TEST_F(WriterTest, JobThatEndsTheTransactionFailsWithItsBatch) {
  const auto w = writer();
  EXPECT_EQ(w->run([](Database& db) { return db.execute("ROLLBACK"); }).error().code,
            Errc::internal);
  EXPECT_TRUE(w->run([](Database& db) { return insert(db, 1); }));
}

TEST_F(WriterTest, FullQueueRefusesTheNewestAndDoesNotCallItsDone) {
  const auto w = writer({.max_queue = 2});
  ASSERT_TRUE(w->submit(plug.job()));
  plug.began.wait();
  ASSERT_TRUE(w->submit([](Database& db) { return insert(db, 1); }));
  ASSERT_TRUE(w->submit([](Database& db) { return insert(db, 2); }));
  const auto refused = w->submit([](Database& db) { return insert(db, 3); },
                                 [](Result<void>) { ADD_FAILURE() << "called"; });
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_EQ(w->run([](Database& db) { return insert(db, 4); }).error().code,
            Errc::resource_exhausted);
  plug.release.count_down();
}

TEST_F(WriterTest, StopCommitsWhatIsQueued) {
  int acknowledged = 0;
  {
    const auto w = writer({.max_batch = 7});
    ASSERT_TRUE(w->submit(plug.job()));
    plug.began.wait();
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(w->submit([i](Database& db) { return insert(db, i); },
                            [&](Result<void> result) { acknowledged += result.ok(); }));
    }
    plug.release.count_down();
  }
  EXPECT_EQ(acknowledged, 100);
  EXPECT_EQ(ids().size(), 100U);
}

TEST_F(WriterTest, SubmitFromDoneIsTaken) {
  std::latch done(1);
  const auto w = writer();
  ASSERT_TRUE(w->submit([](Database& db) { return insert(db, 1); },
                        [&](Result<void>) {
                          EXPECT_TRUE(w->submit([](Database& db) { return insert(db, 2); },
                                                [&](Result<void>) { done.count_down(); }));
                        }));
  done.wait();
  EXPECT_EQ(ids(), (std::vector{1, 2}));
}

class WriterThreadsTest : public WriterTest, public testing::WithParamInterface<int> {};

TEST_P(WriterThreadsTest, ManyThreadsLoseNothing) {
  constexpr int kThreads = 16, kEach = 50;
  {
    const auto w = writer({.max_batch = 5, .linger = Micros(GetParam())});
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          EXPECT_TRUE(w->run([&](Database& db) { return insert(db, t * kEach + i); }));
        }
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(w->stats().jobs, std::uint64_t{kThreads * kEach});
    EXPECT_LT(w->stats().commits, std::uint64_t{kThreads * kEach});
  }
  EXPECT_EQ(ids().size(), std::size_t{kThreads * kEach});
}
INSTANTIATE_TEST_SUITE_P(Linger, WriterThreadsTest, testing::Values(0, 100));

TEST_F(WriterTest, LoneCallerNeverLingers) {
  const auto w = writer({.linger = Seconds(20)});  // Else 20 times 20 s, and the test times out.
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(w->run([i](Database& db) { return insert(db, i); }));
  }
  EXPECT_EQ(w->stats().commits, 20U);
}

TEST_F(WriterTest, RandomJobsLeaveWhatANaiveModelHolds) {
  const auto w = writer({.max_batch = 8});
  SeededRandom random(3);
  std::set<int> model;
  for (int round = 0; round < 60; ++round) {
    std::latch go(1);
    ASSERT_TRUE(w->submit([&](Database&) -> Result<void> {
      go.wait();
      return {};
    }));
    for (int j = 0; j < 20; ++j) {  // Each job: up to four inserts, undone when one is a repeat.
      std::vector<int> wanted;
      for (std::uint64_t k = random.below(4) + 1; k > 0; --k) {
        wanted.push_back(static_cast<int>(random.below(2'000)));
      }
      std::set<int> after = model;
      bool fails = false;
      for (const int id : wanted) fails = fails || !after.insert(id).second;
      if (!fails) model = after;
      ASSERT_TRUE(w->submit(
          [wanted](Database& db) -> Result<void> {
            for (const int id : wanted) {
              if (auto inserted = insert(db, id); !inserted) return inserted;
            }
            return {};
          },
          [fails](Result<void> result) { EXPECT_EQ(result.ok(), !fails); }));
    }
    go.count_down();
    ASSERT_TRUE(w->run([](Database&) { return Result<void>(); }));
  }
  EXPECT_EQ(ids(), std::vector<int>(model.begin(), model.end()));
}

TEST_F(WriterTest, CountsInMetrics) {
  auto w = writer();
  ASSERT_TRUE(w->run([](Database& db) { return insert(db, 1); }));
  w.reset();  // It notes the empty queue after it has answered.
  const std::string text = metrics.text();
  EXPECT_NE(text.find("gamekeeper_store_jobs_total{store=\"state\"} 1"), std::string::npos);
  EXPECT_NE(text.find("gamekeeper_store_commits_total{store=\"state\"} 1"), std::string::npos);
  EXPECT_NE(text.find("gamekeeper_store_failed_commits_total{store=\"state\"} 0"),
            std::string::npos);
  EXPECT_NE(text.find("gamekeeper_store_commit_duration_seconds_count{store=\"state\"} 1"),
            std::string::npos);
  EXPECT_NE(text.find("gamekeeper_store_queue_depth{store=\"state\"} 0"), std::string::npos);
}

}  // namespace
}  // namespace gk::store
