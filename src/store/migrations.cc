#include "store/migrations.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/try.h"
#include "store/backup.h"
#include "store/check.h"
#include "sys/files.h"

namespace gk::store {
namespace {

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS gamekeeper_migrations("
    "room TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, "
    "applied_at INTEGER NOT NULL, PRIMARY KEY(room, number)) STRICT, WITHOUT ROWID";

/// Checksums of the applied steps, by room and number.
using Applied = std::map<std::pair<std::string, int>, std::string, std::less<>>;

Result<bool> has_row(Database& database, std::string_view sql) {
  GK_TRY(Statement * statement, database.query(sql));
  GK_TRY(const bool row, statement->step());
  statement->reset();
  return row;
}

Result<Applied> read_applied(Database& database) {
  Applied applied;
  GK_TRY(const bool there, has_row(database,
                                   "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = "
                                   "'gamekeeper_migrations'"));
  if (!there) return applied;
  GK_TRY(Statement * rows,
         database.query("SELECT room, number, checksum FROM gamekeeper_migrations"));
  for (;;) {
    GK_TRY(const bool row, rows->step());
    if (!row) return applied;
    applied.emplace(std::pair(std::string(rows->text(0)), static_cast<int>(rows->integer(1))),
                    std::string(rows->text(2)));
  }
}

/// Compares the file's list with the program's.
Result<void> verify(const Database& database, const RoomMigrations& room, const Applied& applied) {
  const std::string name(room.room);
  for (auto it = applied.lower_bound({name, 0}); it != applied.end() && it->first.first == name;
       ++it) {
    const int number = it->first.second;
    const std::string step = name + "/" + std::to_string(number);
    if (number > static_cast<int>(room.steps.size())) {
      return Error{Errc::failed_precondition,
                   database.path() + " is newer than this program: it has step " + step +
                       ", the program knows " + std::to_string(room.steps.size()) +
                       "; install the newer program, or restore the copy made before its update"};
    }
    const Migration& known = room.steps[static_cast<std::size_t>(number) - 1];
    if (it->second != migration_checksum(known.sqlite)) {
      return Error{Errc::failed_precondition, database.path() + ": step " + step +
                                                  " was applied with other content than this "
                                                  "program has (checksum " +
                                                  it->second + ", expected " +
                                                  migration_checksum(known.sqlite) +
                                                  "); use the program that made the file"};
    }
  }
  return {};
}

/// Deletes the oldest copies beside the file, so that updates do not fill the disk.
void drop_old_copies(const std::string& path) {
  constexpr std::size_t kMaxEntries = 10'000;
  const std::string dir = sys::parent_dir(path);
  const std::string prefix = path.substr(path.rfind('/') + 1) + ".before-";
  const auto names = sys::list_dir(dir, kMaxEntries);
  if (!names) return;
  std::vector<std::pair<timespec, std::string>> copies;
  for (const auto& name : *names) {
    struct stat st{};
    const std::string copy = dir + "/" + name;
    if (name.starts_with(prefix) && ::stat(copy.c_str(), &st) == 0) {
      copies.emplace_back(st.st_mtim, copy);
    }
  }
  std::sort(copies.begin(), copies.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.tv_sec, a.first.tv_nsec) > std::pair(b.first.tv_sec, b.first.tv_nsec);
  });
  for (std::size_t i = kMaxCopies; i < copies.size(); ++i) ::unlink(copies[i].second.c_str());
}

Result<void> copy_before(Database& database, std::string_view room, int number) {
  GK_TRY(const bool content, has_row(database, "SELECT 1 FROM sqlite_schema LIMIT 1"));
  if (!content) return {};
  GK_CHECK_OK(backup_to(
      database, database.path() + ".before-" + std::string(room) + "-" + std::to_string(number)));
  drop_old_copies(database.path());
  return {};
}

Result<void> apply_in_transaction(Database& database, std::string_view room, const Migration& step,
                                  WallTime now) {
  GK_CHECK_OK(database.execute(kTable));
  GK_CHECK_OK(database.execute(step.sqlite));
  GK_TRY(Statement * insert,
         database.query("INSERT INTO gamekeeper_migrations(room, number, name, checksum, "
                        "applied_at) VALUES($1, $2, $3, $4, $5)"));
  insert->bind(1, room).bind(2, step.number).bind(3, step.name);
  insert->bind(4, migration_checksum(step.sqlite)).bind(5, now.time_since_epoch().count());
  GK_CHECK_OK(insert->run());
  GK_TRY(const bool dangling, has_row(database, "PRAGMA foreign_key_check"));
  if (dangling) {
    return Error{Errc::internal, "the step leaves rows that refer to rows that are not there"};
  }
  return database.execute("COMMIT");
}

Result<void> apply(Database& database, std::string_view room, const Migration& step, WallTime now) {
  // A table is rebuilt by dropping it, which would cascade. Source: sqlite.org/lang_altertable.html
  GK_CHECK_OK(database.execute("PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE"));
  auto applied = apply_in_transaction(database, room, step, now);
  if (!applied && database.in_transaction()) (void)database.execute("ROLLBACK");
  GK_CHECK_OK(database.execute("PRAGMA foreign_keys=ON"));
  if (applied) return {};
  return Error{applied.error().code,
               "step " + std::string(room) + "/" + std::to_string(step.number) + " (" +
                   std::string(step.name) + ") failed: " + applied.error().message};
}

}  // namespace

std::string migration_checksum(std::string_view sql) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // Source: FNV-1a, draft-eastlake-fnv-17
  for (const char c : sql) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  std::array<char, 17> out{};
  std::snprintf(out.data(), out.size(), "%016llx", static_cast<unsigned long long>(hash));
  return out.data();
}

Result<void> migrate(Database& database, std::span<const RoomMigrations> rooms, WallTime now) {
  GK_TRY(const Applied applied, read_applied(database));
  for (const auto& room : rooms) GK_CHECK_OK(verify(database, room, applied));
  bool copied = false;
  for (const auto& room : rooms) {
    for (std::size_t i = 0; i < room.steps.size(); ++i) {
      const Migration& step = room.steps[i];
      GK_ASSERT(step.number == static_cast<int>(i) + 1);  // Numbered 1, 2, 3 … by its author.
      if (applied.contains(std::pair(std::string(room.room), step.number))) continue;
      if (!copied) GK_CHECK_OK(copy_before(database, room.room, step.number));
      copied = true;
      GK_CHECK_OK(apply(database, room.room, step, now));
    }
  }
  return {};
}

}  // namespace gk::store
