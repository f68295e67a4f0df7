// The disk refuses: no acknowledgement is false, and the writer works again when the disk does.

#include <gtest/gtest.h>

#include <fstream>
#include <latch>
#include <set>

#include "store/testing/fault_vfs.h"
#include "store/testing/syscall_faults.h"
#include "store/writer.h"
#include "testing/capture_log.h"
#include "testing/temp_dir.h"

namespace gk::store {
namespace {

class WriterFaultTest : public testing::Test {
 protected:
  void start(bool ack_before_commit = false) {
    auto db = Database::open({.path = path, .vfs = vfs.name()}).value();
    // A checkpoint at each commit: its writes and syncs fail in turn, too.
    ASSERT_TRUE(
        db->execute("CREATE TABLE t(id INTEGER PRIMARY KEY) STRICT; "
                    "PRAGMA wal_autocheckpoint=1"));
    writer = std::make_unique<Writer>(
        std::move(db),
        WriterOptions{
            .name = "state", .max_batch = 4, .ack_before_commit_for_test = ack_before_commit},
        clock, log, metrics);
  }
  Result<void> insert(int id) {
    return writer->run([id](Database& db) -> Result<void> {
      auto statement = db.query("INSERT INTO t(id) VALUES($1)");
      if (!statement) return statement.error();
      return (*statement)->bind(1, id).run();
    });
  }
  /// Queues ten inserts from `first` on in batches of four, and notes which were acknowledged.
  void insert_ten(int first) {
    std::latch go(1), done(10);
    ASSERT_TRUE(writer->submit([&](Database&) -> Result<void> {
      go.wait();
      return {};
    }));
    for (int id = first; id < first + 10; ++id) {
      ASSERT_TRUE(writer->submit(
          [id](Database& db) {
            return db.query("INSERT INTO t(id) VALUES($1)").value()->bind(1, id).run();
          },
          [&, id](Result<void> result) {
            (result ? acknowledged : refused).insert(id);
            done.count_down();
          }));
    }
    go.count_down();
    done.wait();
    (void)writer->run([](Database&) { return Result<void>(); });  // The latches are left alone.
  }
  std::set<int> stored() {
    const auto db = Database::open({.path = path, .read_only = true}).value();
    std::set<int> ids;
    Statement* rows = db->query("SELECT id FROM t").value();
    while (rows->step().value()) ids.insert(static_cast<int>(rows->integer(0)));
    return ids;
  }
  /// Each of the first calls of each kind fails once, and for each three in a row.
  void let_every_call_fail() {
    int first = 0;
    for (const FileCall call : {FileCall::write, FileCall::sync}) {
      for (const Fault fault : {Fault::io_error, Fault::disk_full}) {
        for (std::uint64_t skip = 0; skip < 12; ++skip) {
          vfs.fail(call, fault, skip, 1 + skip % 2 * 2);
          insert_ten(first += 10);
          vfs.heal();
        }
      }
    }
  }
  FaultVfs vfs{"faulty"};
  TempDir dir;
  const std::string path = dir / "t.db";
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  std::unique_ptr<Writer> writer;
  std::set<int> acknowledged, refused;
};

TEST_F(WriterFaultTest, FailedSyncIsNotAcknowledgedAndTheNextCommitWorks) {
  start();
  vfs.fail(FileCall::sync, Fault::io_error, 0, 1);
  const auto failed = insert(1);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::unavailable);
  EXPECT_NE(failed.error().message.find(path), std::string::npos);
  ASSERT_TRUE(insert(2));
  EXPECT_EQ(stored(), std::set{2});
  EXPECT_EQ(writer->stats().failed_commits, 1U);
}

TEST_F(WriterFaultTest, RefusesAllOnAFullDiskAndWorksAgainWhenThereIsRoom) {
  start();
  vfs.fail(FileCall::write, Fault::disk_full, 0, 1'000);
  EXPECT_EQ(insert(1).error().code, Errc::unavailable);
  EXPECT_NE(insert(2).error().message.find("full"), std::string::npos);
  EXPECT_TRUE(writer->stats().failing);
  vfs.heal();
  EXPECT_TRUE(insert(3));
  EXPECT_FALSE(writer->stats().failing);
  EXPECT_EQ(stored(), std::set{3});
}

TEST_F(WriterFaultTest, LogsTheFirstFailureAndTheRecoveryOnly) {
  start();
  vfs.fail(FileCall::write, Fault::disk_full, 0, 1'000);
  for (int id = 0; id < 5; ++id) EXPECT_FALSE(insert(id));
  vfs.heal();
  for (int id = 0; id < 5; ++id) EXPECT_TRUE(insert(id));
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find("store.commit_failed"), std::string::npos);
  EXPECT_NE(lines[1].find("store.recovered"), std::string::npos);
}

TEST_F(WriterFaultTest, WhateverCallFailsTheFileHoldsExactlyWhatWasAcknowledged) {
  start();
  let_every_call_fail();
  EXPECT_GT(vfs.counts().faults, 40U);
  EXPECT_FALSE(refused.empty());
  EXPECT_FALSE(acknowledged.empty());
  EXPECT_EQ(stored(), acknowledged);
}

TEST_F(WriterFaultTest, AcknowledgingBeforeTheCommitWouldBeNoticed) {
  start(/*ack_before_commit=*/true);
  let_every_call_fail();
  EXPECT_NE(stored(), acknowledged) << "the test above cannot see a false acknowledgement";
}

/// Each of the first system calls of a kind fails once, and for each three in a row.
class WriterSyscallTest : public WriterFaultTest {
 protected:
  void let_every_call_fail(Syscall call, SyscallFault fault) {
    for (std::uint64_t skip = 0; skip < 24; ++skip) {
      faults.fail(call, fault, skip, 1 + skip % 2 * 2);
      insert_ten(next_ += 10);
      faults.heal();
    }
  }
  SyscallFaults faults;

 private:
  int next_ = 0;
};

TEST_F(WriterSyscallTest, ErrorsOfReadAndWriteAreNeverAcknowledgedAndPass) {
  start();
  for (const Syscall call : {Syscall::read, Syscall::write}) {
    let_every_call_fail(call, SyscallFault::io_error);
    let_every_call_fail(call, SyscallFault::disk_full);
  }
  EXPECT_GT(faults.faults(), 40U);
  EXPECT_FALSE(refused.empty());
  EXPECT_TRUE(insert(10'000)) << "the disk works again, and so does the writer";
  acknowledged.insert(10'000);
  EXPECT_EQ(stored(), acknowledged);
}

TEST_F(WriterSyscallTest, InterruptedAndPartialCallsAreRepeatedAndNobodyNotices) {
  start();
  for (const Syscall call : {Syscall::read, Syscall::write}) {
    let_every_call_fail(call, SyscallFault::interrupted);
    let_every_call_fail(call, SyscallFault::partial);
  }
  EXPECT_GT(faults.faults(), 40U);
  EXPECT_TRUE(refused.empty());
  EXPECT_EQ(stored(), acknowledged);
}

TEST_F(WriterSyscallTest, AReaderHearsOfAFailedReadAndReadsAgain) {
  start();
  ASSERT_TRUE(insert(1));
  const auto reader = Database::open({.path = path, .read_only = true}).value();
  Statement* rows = reader->query("SELECT id FROM t").value();
  faults.fail(Syscall::read, SyscallFault::io_error, 0, 1);
  const auto failed = rows->step();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::unavailable) << "the disk's fault, not damage";
  EXPECT_NE(failed.error().message.find("EIO"), std::string::npos);
  faults.heal();
  EXPECT_EQ(stored(), std::set{1});
}

TEST_F(WriterSyscallTest, DamageAfterAFailedReadIsStillCalledDamage) {
  start();
  for (int id = 0; id < 2'000; ++id) ASSERT_TRUE(insert(id));
  writer.reset();  // The last connection leaves no WAL behind.
  const auto reader = Database::open({.path = path, .read_only = true}).value();
  Statement* rows = reader->query("SELECT count(*) FROM t").value();
  faults.fail(Syscall::read, SyscallFault::io_error, 0, 1);
  ASSERT_EQ(rows->step().error().code, Errc::unavailable);
  faults.heal();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const std::string junk(4096, '\xff');
  for (int page = 1; page < 5; ++page) file.seekp(page * 4096).write(junk.data(), 4096);
  file.close();
  const auto damaged = rows->step();
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Errc::data_loss) << "an errno of the past is not a reason";
}

TEST_F(WriterSyscallTest, AcknowledgingBeforeTheCommitWouldBeNoticed) {
  start(/*ack_before_commit=*/true);
  let_every_call_fail(Syscall::write, SyscallFault::io_error);
  EXPECT_NE(stored(), acknowledged);
}

}  // namespace
}  // namespace gk::store
