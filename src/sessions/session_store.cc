#include "sessions/session_store.h"

#include <array>

#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::sessions {
namespace {

constexpr std::string_view kFirst = R"sql(
CREATE TABLE sessions_sessions (
  id TEXT PRIMARY KEY,
  changed_at_us INTEGER NOT NULL,
  session TEXT NOT NULL
) STRICT;
CREATE TABLE sessions_modes (
  name TEXT PRIMARY KEY,
  changed_at_us INTEGER NOT NULL,
  mode TEXT NOT NULL
) STRICT;
CREATE TABLE sessions_commands (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  changed_at_us INTEGER NOT NULL,
  command TEXT NOT NULL
) STRICT;
)sql";

constexpr std::array<store::Migration, 1> kSteps{
    {{.number = 1, .name = "sessions, modes and commands", .sqlite = kFirst}}};

Result<void> read_texts(store::Database& db, std::string_view sql, std::vector<std::string>& out) {
  GK_TRY(store::Statement * rows, db.query(sql));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    out.emplace_back(rows->text(0));
  }
}

Result<void> read_all(store::Database& db, StoredSessions& out) {
  // The ids are UUIDv7: their order is that of creation.
  GK_CHECK_OK(read_texts(db, "SELECT session FROM sessions_sessions ORDER BY id", out.sessions));
  GK_CHECK_OK(
      read_texts(db, "SELECT command FROM sessions_commands ORDER BY number", out.commands));
  GK_TRY(store::Statement * rows, db.query("SELECT name, mode FROM sessions_modes ORDER BY name"));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    out.modes.emplace_back(rows->text(0), rows->text(1));
  }
}

}  // namespace

store::RoomMigrations sessions_migrations() { return {"sessions", kSteps}; }

SqlSessionStore::SqlSessionStore(store::Writer& writer, net::Loop& loop, const Clock& clock,
                                 std::int64_t max_commands)
    : writer_(writer), loop_(loop), clock_(clock), max_commands_(max_commands) {}

Result<StoredSessions> SqlSessionStore::load() {
  StoredSessions out;
  GK_CHECK_OK(writer_.run([&](store::Database& db) { return read_all(db, out); }));
  return out;
}

void SqlSessionStore::submit(store::Writer::Job job, Done done) {
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      std::move(job), std::move(done));
}

void SqlSessionStore::save(std::string_view sql, const std::string& key, std::string json,
                           Done done) {
  submit(
      [sql, key, json = std::move(json),
       at = clock_.wall().time_since_epoch().count()](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put, db.query(sql));
        return put->bind(1, key).bind(2, at).bind(3, json).run();
      },
      std::move(done));
}

void SqlSessionStore::remove(std::string_view sql, const std::string& key, Done done) {
  submit(
      [sql, key](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * gone, db.query(sql));
        return gone->bind(1, key).run();
      },
      std::move(done));
}

void SqlSessionStore::save_session(const std::string& id, std::string json, Done done) {
  save(
      "INSERT INTO sessions_sessions (id, changed_at_us, session) VALUES ($1, $2, $3) "
      "ON CONFLICT (id) DO UPDATE SET changed_at_us = $2, session = $3",
      id, std::move(json), std::move(done));
}

void SqlSessionStore::delete_session(const std::string& id, Done done) {
  remove("DELETE FROM sessions_sessions WHERE id = $1", id, std::move(done));
}

void SqlSessionStore::save_mode(const std::string& name, std::string json, Done done) {
  save(
      "INSERT INTO sessions_modes (name, changed_at_us, mode) VALUES ($1, $2, $3) "
      "ON CONFLICT (name) DO UPDATE SET changed_at_us = $2, mode = $3",
      name, std::move(json), std::move(done));
}

void SqlSessionStore::delete_mode(const std::string& name, Done done) {
  remove("DELETE FROM sessions_modes WHERE name = $1", name, std::move(done));
}

void SqlSessionStore::save_command(const std::string& id, std::string json, Done done) {
  submit(
      [id, json = std::move(json), keep = max_commands_,
       at = clock_.wall().time_since_epoch().count()](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO sessions_commands (id, changed_at_us, command) "
                        "VALUES ($1, $2, $3) "
                        "ON CONFLICT (id) DO UPDATE SET changed_at_us = $2, command = $3"));
        GK_CHECK_OK(put->bind(1, id).bind(2, at).bind(3, json).run());
        GK_TRY(store::Statement * prune,
               db.query("DELETE FROM sessions_commands WHERE number <= "
                        "(SELECT max(number) FROM sessions_commands) - $1"));
        return prune->bind(1, keep).run();
      },
      std::move(done));
}

}  // namespace gk::sessions
