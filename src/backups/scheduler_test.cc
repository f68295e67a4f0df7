#include "backups/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backups/posts_test.h"
#include "store/backup_folder.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::backups {
namespace {

using namespace std::chrono_literals;

/// Every full hour.
std::optional<WallTime> hourly(WallTime after) {
  return WallTime(std::chrono::floor<std::chrono::hours>(after.time_since_epoch()) + 1h);
}

class BackupSchedulerTest : public testing::Test {
 protected:
  void SetUp() override {
    make_database(dir / "state.db");
    make_database(dir / "telemetry.db");
  }
  /// A scheduler that has looked at what there is; what is due then is being made.
  void start(std::size_t keep) {
    scheduler.reset();
    scheduler = std::make_unique<BackupScheduler>(ScheduleOptions{.keep = keep}, hourly, service,
                                                  loop, clock, log);
    scheduler->start();
    posts.run_one();
  }
  /// An hour passes; what is made then is whole, and what is too old is gone.
  void pass_hour(int surplus) {
    clock.advance(1h);
    scheduler->tick();
    finish(surplus);
  }
  void finish(int surplus) {
    posts.run_one();                                    // The copy.
    posts.run_one();                                    // The list of what is too old.
    for (int i = 0; i < surplus; ++i) posts.run_one();  // What is removed of it.
  }
  std::vector<Backup> present() {
    std::vector<Backup> out;
    service.list([&](Result<std::vector<Backup>> r) { out = r.value(); });
    posts.run_one();
    return out;
  }

  TempDir dir;
  ManualClock clock;
  CaptureLog log;
  Posts posts;
  net::Loop loop;
  bool disk_full = false;
  BackupService service{{.folder = dir / "backups"},
                        [this](const std::string& to) -> Result<void> {
                          if (disk_full) return Error{Errc::unavailable, "No space left on device"};
                          return store::backup_folder(dir.path().string(), to, clock.wall());
                        },
                        posts.post(),
                        clock,
                        log};
  std::unique_ptr<BackupScheduler> scheduler;
};

TEST_F(BackupSchedulerTest, MakesOneAtItsTimeAndNoneBefore) {
  start(7);
  clock.advance(1h - 1us);
  scheduler->tick();
  EXPECT_FALSE(service.busy());
  clock.advance(1us);
  scheduler->tick();
  EXPECT_TRUE(service.busy());
  finish(0);
  scheduler->tick();
  EXPECT_FALSE(service.busy()) << "once for each moment";
  EXPECT_EQ(scheduler->state().due, clock.wall() + 1h);
  ASSERT_EQ(present().size(), 1U);
  EXPECT_TRUE(present()[0].name.ends_with("-scheduled"));
}

TEST_F(BackupSchedulerTest, KeepsTheNewestOfItsOwnAndAllThatPeopleMade) {
  service.make([](const Result<Backup>& made) { ASSERT_TRUE(made); });
  posts.run_one();
  start(2);
  pass_hour(0);
  pass_hour(0);
  const std::string second = present()[0].name;
  pass_hour(1);
  const auto all = present();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].name, second);
  EXPECT_FALSE(all[2].scheduled);
}

TEST_F(BackupSchedulerTest, AFullDiskLosesNoOldBackupAndIsShownUntilOneSucceeds) {
  start(1);
  pass_hour(0);
  const auto before = present();
  disk_full = true;
  clock.advance(1h);
  scheduler->tick();
  posts.run_one();
  EXPECT_NE(scheduler->state().failure.find("No space left"), std::string::npos);
  EXPECT_EQ(scheduler->state().last_good, before[0].created_at);
  EXPECT_NE(log.lines().back().find("backup.schedule_failed"), std::string::npos);
  ASSERT_EQ(present().size(), 1U);
  EXPECT_EQ(present()[0].name, before[0].name);
  disk_full = false;
  pass_hour(1);
  EXPECT_EQ(scheduler->state().failure, "");
  ASSERT_EQ(present().size(), 1U);
  EXPECT_NE(present()[0].name, before[0].name) << "the check above sees one that goes";
}

TEST_F(BackupSchedulerTest, OneThatWasMissedIsMadeUpForOnceAtTheNextStart) {
  start(7);
  pass_hour(0);
  scheduler.reset();
  clock.advance(5h);
  start(7);
  EXPECT_TRUE(service.busy());
  finish(0);
  scheduler->tick();
  EXPECT_FALSE(service.busy());
  EXPECT_EQ(present().size(), 2U);
}

TEST_F(BackupSchedulerTest, ABackupFromTheFutureDoesNotPutOffTheNext) {
  start(7);
  pass_hour(0);
  scheduler.reset();
  clock.jump_wall(-48h);
  start(7);
  EXPECT_EQ(scheduler->state().due, hourly(clock.wall()));
}

TEST_F(BackupSchedulerTest, WaitsForTheOneThatAPersonMakes) {
  start(7);
  clock.advance(1h);
  service.make([](const Result<Backup>& made) { ASSERT_TRUE(made); });
  scheduler->tick();
  EXPECT_EQ(scheduler->state().due, clock.wall()) << "still to be made";
  posts.run_one();
  scheduler->tick();
  finish(0);
  EXPECT_EQ(scheduler->state().failure, "");
  EXPECT_EQ(present().size(), 2U);
}

}  // namespace
}  // namespace gk::backups
