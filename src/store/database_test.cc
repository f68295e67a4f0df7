#include "store/database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "sys/files.h"
#include "testing/temp_dir.h"

namespace gk::store {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  std::unique_ptr<Database> open(Durability durability = Durability::full) {
    return Database::open({.path = path, .durability = durability}).value();
  }
  std::unique_ptr<Database> open_read_only() {
    return Database::open({.path = path, .read_only = true}).value();
  }
  static std::string ask(Database& db, std::string_view sql) {
    Statement* s = db.query(sql).value();
    const std::string got = s->step().value() ? std::string(s->text(0)) : "no row";
    s->reset();
    return got;
  }
  static void make_table(Database& db) {
    ASSERT_TRUE(
        db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, "
                   "r REAL, b BLOB) STRICT"));
  }
  /// Copies the files as they are now: what a crash at this moment would leave.
  void crash_copy(const std::string& to) {
    for (const char* suffix : {"", "-wal"}) {
      std::ofstream(to + suffix, std::ios::binary)
          << std::ifstream(path + suffix, std::ios::binary).rdbuf();
    }
  }
  TempDir dir;
  const std::string path = dir / "t.db";
};

TEST_F(DatabaseTest, SetsThePragmasOnEachOpen) {
  for (int round = 0; round < 2; ++round) {
    const auto db = open();
    EXPECT_EQ(ask(*db, "PRAGMA journal_mode"), "wal");
    EXPECT_EQ(ask(*db, "PRAGMA synchronous"), "2");
    EXPECT_EQ(ask(*db, "PRAGMA foreign_keys"), "1");
    EXPECT_EQ(ask(*db, "PRAGMA trusted_schema"), "0");
    EXPECT_EQ(ask(*db, "PRAGMA cell_size_check"), "1");
    EXPECT_EQ(ask(*db, "PRAGMA busy_timeout"), "2000");
    EXPECT_EQ(ask(*db, "PRAGMA journal_size_limit"), "4400000");
    EXPECT_EQ(ask(*db, "PRAGMA cache_size"), "-512");
    EXPECT_EQ(ask(*db, "PRAGMA mmap_size"), "0");
  }
}

TEST_F(DatabaseTest, NormalDurabilityIsSynchronousNormal) {
  EXPECT_EQ(ask(*open(Durability::normal), "PRAGMA synchronous"), "1");
}

TEST_F(DatabaseTest, CreatesTheFileAndItsWalPrivately) {
  const auto db = open();
  make_table(*db);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat st{};
    ASSERT_EQ(::stat((path + suffix).c_str(), &st), 0) << suffix;
    EXPECT_EQ(st.st_mode & 07777U, 0600U) << suffix;
  }
}

TEST_F(DatabaseTest, ValuesComeBackAsTheyWereBound) {
  const auto db = open();
  make_table(*db);
  const Blob blob = {0, 1, 255};
  Statement* in = db->query("INSERT INTO t(id, name, r, b) VALUES($1, $2, $3, $4)").value();
  in->bind(1, 7).bind(2, std::string_view("a\0b", 3)).bind(3, 0.1).bind_blob(4, blob);
  ASSERT_TRUE(in->run());
  Statement* out = db->query("SELECT id, name, r, b, NULL FROM t").value();
  ASSERT_TRUE(out->step().value());
  EXPECT_EQ(out->integer(0), 7);
  EXPECT_EQ(out->text(1), std::string_view("a\0b", 3));
  EXPECT_EQ(out->real(2), 0.1);
  EXPECT_EQ(out->blob(3), blob);
  EXPECT_TRUE(out->is_null(4));
  EXPECT_FALSE(out->step().value());
}

TEST_F(DatabaseTest, ValueVariantsComeBackAsTheyWereBound) {
  const auto db = open();
  const std::vector<Value> values = {std::monostate{}, std::int64_t{-1}, 2.5, std::string("x"),
                                     Blob{9}};
  Statement* echo = db->query("SELECT $1, $2, $3, $4, $5").value();
  for (int i = 0; i < 5; ++i) echo->bind_value(i + 1, values[static_cast<std::size_t>(i)]);
  ASSERT_TRUE(echo->step().value());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(echo->value(i), values[static_cast<std::size_t>(i)]) << i;
}

TEST_F(DatabaseTest, OptionalsAndEmptyValuesKeepTheirKind) {
  const auto db = open();
  Statement* echo = db->query("SELECT $1, $2, $3, $4").value();
  echo->bind(1, std::optional<std::int64_t>()).bind(2, std::optional<std::int64_t>(3));
  echo->bind(3, std::string_view()).bind_blob(4, {});
  ASSERT_TRUE(echo->step().value());
  EXPECT_TRUE(echo->is_null(0));
  EXPECT_EQ(echo->integer(1), 3);
  EXPECT_EQ(echo->value(2), Value(std::string()));
  EXPECT_EQ(echo->value(3), Value(Blob()));
}

TEST_F(DatabaseTest, QueryGivesTheCachedStatementWithoutBindings) {
  const auto db = open();
  Statement* first = db->query("SELECT $1").value();
  first->bind(1, 5);
  ASSERT_TRUE(first->step().value());
  Statement* second = db->query("SELECT $1").value();
  EXPECT_EQ(first, second);
  ASSERT_TRUE(second->step().value());
  EXPECT_TRUE(second->is_null(0));
}

TEST_F(DatabaseTest, EvictsTheLeastRecentlyUsedStatement) {
  const auto db = open();
  Statement* kept = db->query("SELECT 1").value();
  for (int i = 0; i < 1000; ++i) {
    Statement* s = db->query("SELECT " + std::to_string(1000 + i)).value();
    ASSERT_TRUE(s->step().value());
    EXPECT_EQ(s->integer(0), 1000 + i);
    ASSERT_EQ(db->query("SELECT 1").value(), kept) << "used in each round";
  }
}

TEST_F(DatabaseTest, UniqueViolationIsAlreadyExistsAndOthersFailedPrecondition) {
  const auto db = open();
  make_table(*db);
  ASSERT_TRUE(db->execute("INSERT INTO t(id, name) VALUES(1, 'a')"));
  const auto twice = db->query("INSERT INTO t(name) VALUES($1)").value()->bind(1, "a").run();
  EXPECT_EQ(twice.error().code, Errc::already_exists);
  EXPECT_NE(twice.error().message.find("t.name"), std::string::npos) << twice.error().message;
  EXPECT_NE(twice.error().message.find(path), std::string::npos);
  EXPECT_EQ(db->execute("INSERT INTO t(id, name) VALUES(1, 'b')").error().code,
            Errc::already_exists);
  EXPECT_EQ(db->query("INSERT INTO t(id) VALUES(3)").value()->run().error().code,
            Errc::failed_precondition);
  EXPECT_EQ(db->execute("INSERT INTO t(name, r) VALUES('c', 'text')").error().code,
            Errc::failed_precondition);
}

TEST_F(DatabaseTest, ErrorsNeverShowBoundValues) {
  const auto db = open();
  make_table(*db);
  ASSERT_TRUE(db->query("INSERT INTO t(name) VALUES($1)").value()->bind(1, "hunter2").run());
  const auto twice = db->query("INSERT INTO t(name) VALUES($1)").value()->bind(1, "hunter2").run();
  EXPECT_EQ(twice.error().message.find("hunter2"), std::string::npos);
}

TEST_F(DatabaseTest, WrongSqlAndWrongParameterAreInternal) {
  const auto db = open();
  EXPECT_EQ(db->query("SELEKT 1").error().code, Errc::internal);
  EXPECT_EQ(db->query("SELECT \"no such column\"").error().code, Errc::internal);
  EXPECT_EQ(db->query("SELECT $1").value()->bind(2, 1).step().error().code, Errc::internal);
  EXPECT_TRUE(db->query("SELECT $1").value()->bind(1, 1).step()) << "the error is forgotten";
}

TEST_F(DatabaseTest, ReadOnlyConnectionReadsAndCannotWrite) {
  const auto db = open();
  make_table(*db);
  ASSERT_TRUE(db->execute("INSERT INTO t(name) VALUES('a')"));
  const auto reader = open_read_only();
  EXPECT_EQ(ask(*reader, "SELECT name FROM t"), "a");
  EXPECT_EQ(reader->execute("DELETE FROM t").error().code, Errc::permission_denied);
}

TEST_F(DatabaseTest, ReadOnlyOpenDoesNotCreate) {
  EXPECT_EQ(Database::open({.path = path, .read_only = true}).error().code, Errc::not_found);
  EXPECT_EQ(::access(path.c_str(), F_OK), -1);
}

TEST_F(DatabaseTest, BusyWriterIsUnavailableAfterTheTimeout) {
  const auto first = open();
  ASSERT_TRUE(first->execute("BEGIN IMMEDIATE"));
  const auto second =
      Database::open({.path = path, .busy_timeout = Millis(1), .after_crash = AfterCrash::skip})
          .value();
  EXPECT_EQ(second->execute("BEGIN IMMEDIATE").error().code, Errc::unavailable);
}

TEST_F(DatabaseTest, ResetStatementsEndsTheReadSnapshot) {
  const auto db = open();
  make_table(*db);
  ASSERT_TRUE(db->execute("INSERT INTO t(name) VALUES('a'), ('b')"));
  const auto reader = open_read_only();
  Statement* rows = reader->query("SELECT name FROM t").value();
  ASSERT_TRUE(rows->step().value());
  ASSERT_TRUE(db->execute("INSERT INTO t(name) VALUES('c')"));
  EXPECT_EQ(ask(*reader, "SELECT count(*) FROM t"), "2") << "still the old snapshot";
  reader->reset_statements();
  EXPECT_EQ(ask(*reader, "SELECT count(*) FROM t"), "3");
}

TEST_F(DatabaseTest, CleanCloseLeavesOneFile) {
  make_table(*open());
  EXPECT_EQ(sys::list_dir(dir.path(), 10).value(), std::vector<std::string>{"t.db"});
  EXPECT_FALSE(open()->ended_uncleanly());
}

TEST_F(DatabaseTest, CrashIsSeenAtTheNextOpenAndNothingIsLost) {
  const auto db = open();
  make_table(*db);
  ASSERT_TRUE(db->execute("INSERT INTO t(name) VALUES('a')"));
  crash_copy(dir / "copy.db");
  const auto copy = Database::open({.path = dir / "copy.db"}).value();
  EXPECT_TRUE(copy->ended_uncleanly());
  EXPECT_EQ(ask(*copy, "SELECT name FROM t"), "a");
}

TEST_F(DatabaseTest, ForeignFileIsDataLossWithItsPath) {
  ASSERT_TRUE(sys::replace_file(path, std::string(8192, 'x')));
  const auto opened = Database::open({.path = path});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::data_loss);
  EXPECT_NE(opened.error().message.find(path), std::string::npos);
  EXPECT_NE(opened.error().message.find("restore"), std::string::npos);
}

TEST_F(DatabaseTest, DirectoryInPlaceOfTheFileIsUnavailable) {
  ASSERT_TRUE(sys::make_private_dir(path));
  EXPECT_EQ(Database::open({.path = path}).error().code, Errc::unavailable);
}

TEST_F(DatabaseTest, MissingDirectoryIsNotFound) {
  EXPECT_EQ(Database::open({.path = dir / "none/t.db"}).error().code, Errc::not_found);
}

}  // namespace
}  // namespace gk::store
