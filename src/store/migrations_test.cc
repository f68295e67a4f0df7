#include "store/migrations.h"

#include <gtest/gtest.h>

#include <array>

#include "sys/files.h"
#include "testing/temp_dir.h"

namespace gk::store {
namespace {

constexpr Migration kUsers{1, "users", "CREATE TABLE users(id INTEGER PRIMARY KEY) STRICT"};
constexpr Migration kNames{2, "names",
                           "ALTER TABLE users ADD COLUMN name TEXT; INSERT INTO users(id) "
                           "VALUES(1)"};
constexpr Migration kWrong{2, "wrong", "INSERT INTO users(id) VALUES(9); CREATE TABEL oops"};
constexpr Migration kEdited{1, "users", "CREATE TABLE users(id INTEGER PRIMARY KEY, x) STRICT"};

constexpr std::array kOne{kUsers};
constexpr std::array kTwo{kUsers, kNames};
constexpr std::array kTwoWrong{kUsers, kWrong};
constexpr std::array kOneEdited{kEdited};

class MigrationsTest : public testing::Test {
 protected:
  Result<void> run(std::span<const Migration> steps, std::string_view room = "accounts") {
    const RoomMigrations rooms[] = {{room, steps}};
    return migrate(*db, rooms, WallTime(Seconds(1)));
  }
  std::int64_t number(std::string_view sql) {
    Statement* s = db->query(sql).value();
    const std::int64_t got = s->step().value() ? s->integer(0) : -1;
    s->reset();
    return got;
  }
  std::vector<std::string> files() { return sys::list_dir(dir.path(), 20).value(); }
  bool has_file(const std::string& name) {
    const auto all = files();
    return std::find(all.begin(), all.end(), name) != all.end();
  }
  TempDir dir;
  std::unique_ptr<Database> db = Database::open({.path = dir / "t.db"}).value();
};

TEST_F(MigrationsTest, AppliesStepsInOrderAndOnlyOnce) {
  ASSERT_TRUE(run(kTwo));
  ASSERT_TRUE(run(kTwo)) << "a second INSERT of id 1 would fail";
  EXPECT_EQ(number("SELECT count(*) FROM gamekeeper_migrations"), 2);
  EXPECT_EQ(number("SELECT applied_at FROM gamekeeper_migrations"), 1'000'000);
}

TEST_F(MigrationsTest, RoomsAreNumberedApart) {
  ASSERT_TRUE(run(kOne, "accounts"));
  constexpr Migration kOther{1, "macros", "CREATE TABLE macros(id INTEGER PRIMARY KEY) STRICT"};
  ASSERT_TRUE(run(std::array{kOther}, "macros"));
  EXPECT_EQ(number("SELECT count(*) FROM gamekeeper_migrations WHERE number = 1"), 2);
}

TEST_F(MigrationsTest, NewFileNeedsNoCopy) {
  ASSERT_TRUE(run(kTwo));
  EXPECT_FALSE(has_file("t.db.before-accounts-1"));
}

TEST_F(MigrationsTest, CopyHoldsTheContentFromBeforeTheStep) {
  ASSERT_TRUE(run(kOne));
  ASSERT_TRUE(db->execute("INSERT INTO users(id) VALUES(42)"));
  ASSERT_TRUE(run(kTwo));
  const auto copy =
      Database::open({.path = dir / "t.db.before-accounts-2", .read_only = true}).value();
  Statement* users = copy->query("SELECT * FROM users").value();
  ASSERT_TRUE(users->step().value());
  EXPECT_EQ(users->integer(0), 42);
  EXPECT_FALSE(users->step().value()) << "one row: before the step";
}

TEST_F(MigrationsTest, KeepsThreeCopies) {
  for (int room = 0; room < 5; ++room) {
    const std::string name = "room" + std::to_string(room);
    const std::string sql = "CREATE TABLE " + name + "(id INTEGER PRIMARY KEY) STRICT";
    ASSERT_TRUE(run(std::array{Migration{1, "table", sql}}, name));
  }
  EXPECT_FALSE(has_file("t.db.before-room1-1"));
  EXPECT_TRUE(has_file("t.db.before-room2-1"));
  EXPECT_TRUE(has_file("t.db.before-room4-1"));
}

TEST_F(MigrationsTest, RefusesANewerFileAndSaysSo) {
  ASSERT_TRUE(run(kTwo));
  const auto older = run(kOne);
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, Errc::failed_precondition);
  EXPECT_NE(older.error().message.find("accounts/2"), std::string::npos);
  EXPECT_NE(older.error().message.find("newer"), std::string::npos);
}

TEST_F(MigrationsTest, RefusesAnEditedStepAndSaysWhich) {
  ASSERT_TRUE(run(kOne));
  const auto edited = run(kOneEdited);
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().code, Errc::failed_precondition);
  EXPECT_NE(edited.error().message.find("accounts/1"), std::string::npos);
  EXPECT_NE(edited.error().message.find(migration_checksum(kUsers.sqlite)), std::string::npos);
}

TEST_F(MigrationsTest, FailedStepLeavesTheSchemaOfTheStepBefore) {
  const auto failed = run(kTwoWrong);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::internal);
  EXPECT_NE(failed.error().message.find("accounts/2 (wrong)"), std::string::npos);
  EXPECT_EQ(number("SELECT count(*) FROM users"), 0);
  EXPECT_EQ(number("PRAGMA foreign_keys"), 1);
  EXPECT_TRUE(run(kTwo)) << "the right step can still be applied";
}

TEST_F(MigrationsTest, RebuildingAParentTableKeepsItsChildren) {
  constexpr Migration kTables{1, "tables",
                              "CREATE TABLE p(id INTEGER PRIMARY KEY) STRICT; CREATE TABLE c(p "
                              "INTEGER REFERENCES p ON DELETE CASCADE) STRICT; INSERT INTO p "
                              "VALUES(1); INSERT INTO c VALUES(1)"};
  constexpr Migration kRebuild{2, "rebuild",
                               "CREATE TABLE n(id INTEGER PRIMARY KEY, x TEXT) STRICT; INSERT "
                               "INTO n(id) SELECT id FROM p; DROP TABLE p; ALTER TABLE n RENAME "
                               "TO p"};
  const auto done = run(std::array{kTables, kRebuild});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(number("SELECT count(*) FROM c"), 1);
}

TEST_F(MigrationsTest, StepThatLeavesADanglingRowIsUndone) {
  constexpr Migration kDangling{1, "dangling",
                                "CREATE TABLE p(id INTEGER PRIMARY KEY) STRICT; CREATE TABLE c(p "
                                "INTEGER REFERENCES p) STRICT; INSERT INTO c VALUES(1)"};
  EXPECT_EQ(run(std::array{kDangling}).error().code, Errc::internal);
  EXPECT_EQ(number("SELECT count(*) FROM sqlite_schema"), 0);
}

TEST(MigrationChecksum, IsFnv1a64) {
  EXPECT_EQ(migration_checksum(""), "cbf29ce484222325");
  EXPECT_EQ(migration_checksum("a"), "af63dc4c8601ec8c");
  EXPECT_EQ(migration_checksum("foobar"), "85944171f73967e8");
}

}  // namespace
}  // namespace gk::store
