#include "macros/scripts/console_store.h"

#include <array>

#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::macros {
namespace {

constexpr std::array<store::Migration, 1> kSteps{{{
    .number = 1,
    .name = "logs of macros",
    .sqlite = R"sql(
CREATE TABLE macro_log (
  macro_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  at_us INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (macro_id, number)
) STRICT, WITHOUT ROWID;
)sql",
}}};

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }

Result<void> drop_before(store::Database& db, const std::string& macro_id, std::uint64_t first) {
  GK_TRY(store::Statement * drop,
         db.query("DELETE FROM macro_log WHERE macro_id = $1 AND number < $2"));
  return drop->bind(1, macro_id).bind(2, first).run();
}

Result<void> write(store::Database& db, const ConsoleChanges& changes) {
  for (const std::string& macro_id : changes.dropped) {
    GK_CHECK_OK(drop_before(db, macro_id, INT64_MAX));
  }
  for (const ConsoleChanges::Macro& macro : changes.macros) {
    GK_CHECK_OK(drop_before(db, macro.macro_id, macro.first));
    for (const ConsoleLine& line : macro.lines) {
      GK_TRY(store::Statement * put, db.query("INSERT OR REPLACE INTO macro_log (macro_id, number, "
                                              "at_us, text) VALUES ($1, $2, $3, $4)"));
      put->bind(1, macro.macro_id).bind(2, line.number).bind(3, micros(line.at));
      GK_CHECK_OK(put->bind(4, line.text).run());
    }
  }
  return {};
}

Result<void> sweep(store::Database& db, std::int64_t now_us) {
  constexpr std::int64_t kKeepUs =
      std::chrono::duration_cast<Micros>(SqlConsoleStore::kKeep).count();
  GK_TRY(store::Statement * old,
         db.query("DELETE FROM macro_log WHERE at_us < min($1, (SELECT max(at_us) FROM macro_log)) "
                  "- $2"));
  return old->bind(1, now_us).bind(2, kKeepUs).run();
}

Result<void> read(store::Database& db, StoredLogs& out) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT macro_id, number, at_us, text FROM macro_log ORDER BY macro_id, number"));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    out[std::string(rows->text(0))].push_back({static_cast<std::uint64_t>(rows->integer(1)),
                                               WallTime(WallTime::duration(rows->integer(2))),
                                               std::string(rows->text(3))});
  }
}

}  // namespace

store::RoomMigrations console_migrations() { return {"macro_logs", kSteps}; }

Result<StoredLogs> SqlConsoleStore::load() {
  StoredLogs out;
  const auto read_all = [&out, now = micros(clock_.wall())](store::Database& db) -> Result<void> {
    GK_CHECK_OK(sweep(db, now));
    return read(db, out);
  };
  GK_CHECK_OK(writer_.run(read_all));
  return out;
}

void SqlConsoleStore::save(ConsoleChanges changes, std::function<void(Result<void>)> done) {
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      [changes = std::move(changes)](store::Database& db) { return write(db, changes); },
      std::move(done));
}

}  // namespace gk::macros
