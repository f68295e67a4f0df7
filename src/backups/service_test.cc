#include "backups/service.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <mutex>

#include "backups/posts_test.h"
#include "store/backup_folder.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::backups {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    out.push_back(entry.path().filename().string());
  }
  return out;
}

class BackupServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    make_database(dir / "state.db");
    make_database(dir / "telemetry.db");
  }
  std::unique_ptr<BackupService> service(BackupService::Copy copy, std::size_t most = 20) {
    return std::make_unique<BackupService>(
        BackupOptions{.folder = dir / "backups", .max_backups = most}, std::move(copy),
        posts.post(), clock, log);
  }
  BackupService::Copy real_copy() {
    return [this](const std::string& to) {
      return store::backup_folder(dir.path().string(), to, clock.wall());
    };
  }
  Result<Backup> made(BackupService& service) {
    Result<Backup> out = Error{Errc::internal, "no answer"};
    service.make([&](Result<Backup> r) { out = std::move(r); });
    posts.run_one();
    return out;
  }
  std::vector<Backup> listed(BackupService& service) {
    std::vector<Backup> out;
    service.list([&](Result<std::vector<Backup>> r) { out = r.value(); });
    posts.run_one();
    return out;
  }

  TempDir dir;
  ManualClock clock;
  CaptureLog log;
  Posts posts;
};

TEST_F(BackupServiceTest, AMadeBackupIsListedWithItsSizeAndRemovedForGood) {
  auto one = service(real_copy());
  const auto backup = made(*one);
  ASSERT_TRUE(backup) << backup.error().message;
  const auto list = listed(*one);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].name, backup->name);
  EXPECT_EQ(list[0].bytes, fs::file_size(one->folder() + "/" + backup->name + "/state.db") +
                               fs::file_size(one->folder() + "/" + backup->name + "/telemetry.db"));
  Result<void> gone = Error{Errc::internal, "no answer"};
  one->remove(backup->name, [&](Result<void> r) { gone = std::move(r); });
  posts.run_one();
  EXPECT_TRUE(gone);
  EXPECT_TRUE(names_in(one->folder()).empty());
}

TEST_F(BackupServiceTest, AFailureHalfwayLeavesNothingAndIs503) {
  fs::remove(dir / "telemetry.db");  // state.db is copied first.
  auto one = service(real_copy());
  const auto backup = made(*one);
  ASSERT_FALSE(backup);
  EXPECT_EQ(backup.error().code, Errc::unavailable);
  EXPECT_TRUE(names_in(one->folder()).empty());
}

/// The planted bug: a copy that does not tidy up. What the test above looks at must show it.
TEST_F(BackupServiceTest, TheCheckForLeftoversSeesACopyThatLeavesItsHalf) {
  auto one = service([](const std::string& to) -> Result<void> {
    fs::create_directories(to + std::string(store::kPartial));
    return Error{Errc::unavailable, "disk full"};
  });
  EXPECT_FALSE(made(*one));
  EXPECT_FALSE(names_in(one->folder()).empty());
}

TEST_F(BackupServiceTest, RefusesAFurtherOneWhenAsManyAreThereAsAreKept) {
  auto one = service(real_copy(), 1);
  ASSERT_TRUE(made(*one));
  clock.advance(std::chrono::seconds(1));
  const auto second = made(*one);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::failed_precondition);
  EXPECT_EQ(listed(*one).size(), 1U);
}

TEST_F(BackupServiceTest, OneAtATimeAndTheOneThatRunsIsListedAndStays) {
  std::mutex gate;
  gate.lock();
  auto one = service([&, copy = real_copy()](const std::string& to) {
    const std::lock_guard wait(gate);
    return copy(to);
  });
  Result<Backup> first = Error{Errc::internal, "no answer"}, second = first;
  one->make([&](Result<Backup> r) { first = std::move(r); });
  one->make([&](Result<Backup> r) { second = std::move(r); });
  EXPECT_EQ(second.error().code, Errc::failed_precondition);
  const auto list = listed(*one);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_FALSE(list[0].ready);
  Result<void> gone;
  one->remove(list[0].name, [&](Result<void> r) { gone = std::move(r); });
  EXPECT_FALSE(gone);
  gate.unlock();
  posts.run_one();
  EXPECT_TRUE(first);
}

TEST_F(BackupServiceTest, RemovesNothingThatIsNoBackup) {
  auto one = service(real_copy());
  for (const std::string name :
       {"..", "../state.db", "", "2026-11-28-10595", "2026-11-28-10595/"}) {
    Result<void> gone;
    one->remove(name, [&](Result<void> r) { gone = std::move(r); });
    ASSERT_FALSE(gone) << name;
    EXPECT_EQ(gone.error().code, Errc::invalid_argument) << name;
  }
}

TEST_F(BackupServiceTest, AHalfOfADaemonThatWasKilledGoesAndWhatIsNotOursStays) {
  auto one = service(real_copy());
  fs::create_directories(one->folder() + "/2026-11-28-105959.partial");
  fs::create_directories(one->folder() + "/mine.partial");
  ASSERT_TRUE(made(*one));
  EXPECT_FALSE(fs::exists(one->folder() + "/2026-11-28-105959.partial"));
  EXPECT_TRUE(fs::exists(one->folder() + "/mine.partial"));
}

TEST_F(BackupServiceTest, AFolderWithoutManifestIsNotListed) {
  auto one = service(real_copy());
  fs::create_directories(one->folder() + "/2026-11-28-105959");
  fs::create_directories(one->folder() + "/mine");
  EXPECT_TRUE(listed(*one).empty());
}

}  // namespace
}  // namespace gk::backups
