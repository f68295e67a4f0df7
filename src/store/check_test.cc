#include "store/check.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store/backup.h"
#include "sys/files.h"
#include "testing/temp_dir.h"

namespace gk::store {
namespace {

constexpr std::size_t kPage = 4096;

class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    const auto db = open().value();
    EXPECT_TRUE(
        db->execute("CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT) STRICT; "
                    "CREATE INDEX i ON t(x)"));
    EXPECT_TRUE(
        db->execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
                    "2000) INSERT INTO t SELECT i, 'a text that fills pages ' || i FROM n"));
  }
  Result<std::unique_ptr<Database>> open() { return Database::open({.path = path}); }
  /// Overwrites the whole page `page` (from 1) with 0xff bytes.
  void damage(std::size_t page) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>((page - 1) * kPage));
    file << std::string(kPage, '\xff');
  }
  /// Makes the file look as if its last writer had been killed.
  void fake_unclean_end() { std::ofstream(path + "-wal") << "not a WAL"; }
  TempDir dir;
  const std::string path = dir / "t.db";
};

TEST_F(CheckTest, SoundFilePassesBoth) {
  const auto db = open().value();
  EXPECT_TRUE(quick_check(*db));
  EXPECT_TRUE(integrity_check(*db));
}

TEST_F(CheckTest, DamagedPageIsDataLossWithPathAndAdvice) {
  damage(2);
  const auto db = open().value();
  const auto checked = quick_check(*db);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Errc::data_loss);
  EXPECT_NE(checked.error().message.find(path), std::string::npos);
  EXPECT_NE(checked.error().message.find("restore"), std::string::npos);
}

TEST_F(CheckTest, ReadingADamagedPageIsDataLoss) {
  damage(2);
  const auto db = open().value();
  EXPECT_EQ(db->execute("SELECT sum(length(x)) FROM t NOT INDEXED").error().code, Errc::data_loss);
}

TEST_F(CheckTest, OpenChecksAfterAnUncleanEndOnly) {
  damage(2);
  EXPECT_TRUE(open());
  fake_unclean_end();
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::data_loss);
}

TEST_F(CheckTest, OpenLeavesTheCheckToACallerWhoAsksForThat) {
  damage(2);
  fake_unclean_end();
  const auto db = Database::open({.path = path, .after_crash = AfterCrash::skip});
  ASSERT_TRUE(db);
  EXPECT_TRUE((*db)->ended_uncleanly());
}

TEST_F(CheckTest, IntegrityCheckFindsARowWithoutItsParent) {
  const auto db = open().value();
  ASSERT_TRUE(
      db->execute("PRAGMA foreign_keys=OFF; CREATE TABLE c(t INTEGER REFERENCES t) STRICT; "
                  "INSERT INTO c VALUES(-1)"));
  EXPECT_TRUE(quick_check(*db));
  EXPECT_EQ(integrity_check(*db).error().code, Errc::data_loss);
}

TEST_F(CheckTest, BackupIsSoundCompleteAndReplacesAnOlderOne) {
  const auto db = open().value();
  ASSERT_TRUE(sys::replace_file(dir / "copy.db", "older"));
  ASSERT_TRUE(backup_to(*db, dir / "copy.db"));
  const auto copy = Database::open({.path = dir / "copy.db", .read_only = true}).value();
  EXPECT_TRUE(integrity_check(*copy));
  Statement* count = copy->query("SELECT count(*) FROM t").value();
  ASSERT_TRUE(count->step().value());
  EXPECT_EQ(count->integer(0), 2000);
}

TEST_F(CheckTest, FailedBackupLeavesTheOlderCopy) {
  const auto db = open().value();
  ASSERT_TRUE(sys::replace_file(dir / "copy.db", "older"));
  ASSERT_TRUE(sys::make_private_dir(dir / "copy.db.tmp/in the way"));
  EXPECT_EQ(backup_to(*db, dir / "copy.db").error().code, Errc::unavailable);
  EXPECT_EQ(sys::read_file(dir / "copy.db", 100).value(), "older");
}

}  // namespace
}  // namespace gk::store
