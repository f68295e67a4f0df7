// migrations.h: numbered forward-only schema changes with checksums. Each room hands in its own
// list; the name of the room keeps the numbers apart.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "store/database.h"

namespace gk::store {

/// One step. Never edited after release: its checksum is stored and compared at every start.
struct Migration {
  int number = 0;           ///< From 1, without holes, per room.
  std::string_view name;    ///< For people.
  std::string_view sqlite;  ///< STRICT tables. One or more statements.
};

struct RoomMigrations {
  std::string_view room;
  std::span<const Migration> steps;
};

/// Copies of the file from before an update that are kept; the oldest is deleted.
constexpr std::size_t kMaxCopies = 3;  // Source: chosen

/// Brings `database` up to date, each step in its own transaction, with foreign keys off while a
/// table is rebuilt and checked before the step is committed. Before the first step that changes a
/// database with content, a copy `<path>.before-<room>-<number>` is written. Rooms that the file
/// knows and this program does not are left alone.
/// Requires: the numbers of each room are 1, 2, 3 …; otherwise asserts.
/// Errors: failed_precondition (the file is newer than this program, or a checksum differs: says
///         which and what to do), unavailable, resource_exhausted, data_loss, internal (the SQL of
///         a step is wrong). A failed step leaves the schema of the step before.
/// Cost:   one query when there is nothing to do.
Result<void> migrate(Database& database, std::span<const RoomMigrations> rooms, WallTime now);

/// FNV-1a, 64 bits, as 16 hex digits. Detects an edited step, not an attacker: who can write the
/// file can also write the checksum.
std::string migration_checksum(std::string_view sql);

}  // namespace gk::store
