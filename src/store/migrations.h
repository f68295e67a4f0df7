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
  int number = 0;            ///< From 1, without holes, per room.
  std::string_view name;     ///< For people.
  std::string_view sqlite;   ///< STRICT tables.
};

struct RoomMigrations {
  std::string_view room;
  std::span<const Migration> steps;
};

/// Brings `database` up to date, each step in its own transaction. Before the first step that
/// changes a database with content, a copy `<path>.before-<room>-<number>` is written.
/// Errors: failed_precondition (the file is newer than this program, or a checksum differs: says
///         which and what to do), unavailable, resource_exhausted, data_loss.
Result<void> migrate(Database& database, std::span<const RoomMigrations> rooms, WallTime now);

}  // namespace gk::store
