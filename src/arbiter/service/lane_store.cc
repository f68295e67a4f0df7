#include "arbiter/service/lane_store.h"

#include <array>
#include <memory>

#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::arbiter {
namespace {

constexpr std::string_view kFirst = R"sql(
CREATE TABLE arbiter_lanes (
  name TEXT PRIMARY KEY,
  settings TEXT NOT NULL,
  token_ceiling INTEGER NOT NULL
) STRICT;
CREATE TABLE arbiter_modules (
  name TEXT PRIMARY KEY,
  module TEXT NOT NULL
) STRICT;
CREATE TABLE arbiter_marks (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;
)sql";

constexpr std::array<store::Migration, 1> kSteps{
    {{.number = 1, .name = "lanes, modules and token ceilings", .sqlite = kFirst}}};

std::int64_t number(Token token) { return static_cast<std::int64_t>(token.value); }
Token token(std::int64_t value) { return Token(static_cast<std::uint64_t>(value)); }

/// The floor; the first time, makes it and the first lane.
Result<Token> read_floor(store::Database& db, const std::string& first_lane) {
  GK_TRY(store::Statement * mark, db.query("SELECT value FROM arbiter_marks WHERE name = 'floor'"));
  GK_TRY(const bool known, mark->step());
  const Token floor = known ? token(mark->integer(0)) : Token();
  mark->reset();
  if (known) return floor;
  GK_TRY(store::Statement * add,
         db.query("INSERT INTO arbiter_marks (name, value) VALUES ('floor', 0)"));
  GK_CHECK_OK(add->run());
  GK_TRY(store::Statement * lane,
         db.query("INSERT INTO arbiter_lanes (name, settings, token_ceiling) "
                  "VALUES ($1, '{}', 0)"));
  GK_CHECK_OK(lane->bind(1, first_lane).run());
  return floor;
}

Result<void> read_all(store::Database& db, const std::string& first_lane, std::uint64_t block,
                      StoredLanes& out) {
  GK_TRY(out.floor, read_floor(db, first_lane));
  GK_TRY(store::Statement * modules, db.query("SELECT name, module FROM arbiter_modules"));
  for (;;) {
    GK_TRY(const bool more, modules->step());
    if (!more) break;
    out.modules.push_back({std::string(modules->text(0)), std::string(modules->text(1))});
  }
  GK_TRY(store::Statement * raise,
         db.query("UPDATE arbiter_lanes SET token_ceiling = token_ceiling + $1"));
  GK_CHECK_OK(raise->bind(1, static_cast<std::int64_t>(block)).run());
  GK_TRY(store::Statement * lanes,
         db.query("SELECT name, settings, token_ceiling FROM arbiter_lanes ORDER BY name"));
  for (;;) {
    GK_TRY(const bool more, lanes->step());
    if (!more) return {};
    const Token ceiling = token(lanes->integer(2));
    out.lanes.push_back({std::string(lanes->text(0)), std::string(lanes->text(1)),
                         Token(ceiling.value - block), ceiling});
  }
}

}  // namespace

store::RoomMigrations lanes_migrations() { return {"lanes", kSteps}; }

void SqlLaneStore::submit(store::Writer::Job job, Done done) {
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      std::move(job), std::move(done));
}

Result<StoredLanes> SqlLaneStore::load(const std::string& first_lane, std::uint64_t block) {
  StoredLanes out;
  GK_CHECK_OK(
      writer_.run([&](store::Database& db) { return read_all(db, first_lane, block, out); }));
  return out;
}

void SqlLaneStore::save_lane(const std::string& name, std::string settings, Token ceiling,
                             Done done) {
  submit(
      [name, settings = std::move(settings), ceiling](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO arbiter_lanes (name, settings, token_ceiling) "
                        "VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET settings = $2, "
                        "token_ceiling = CASE WHEN arbiter_lanes.token_ceiling < $3 THEN $3 "
                        "ELSE arbiter_lanes.token_ceiling END"));
        return put->bind(1, name).bind(2, settings).bind(3, number(ceiling)).run();
      },
      std::move(done));
}

void SqlLaneStore::save_ceiling(const std::string& name, Token ceiling, Done done) {
  submit(
      [name, ceiling](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put, db.query("UPDATE arbiter_lanes SET token_ceiling = $1 "
                                                "WHERE name = $2 AND token_ceiling < $1"));
        return put->bind(1, number(ceiling)).bind(2, name).run();
      },
      std::move(done));
}

void SqlLaneStore::delete_lane(const std::string& name, Token high, Done done) {
  submit(
      [name, high](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * floor,
               db.query("UPDATE arbiter_marks SET value = $1 WHERE name = 'floor' "
                        "AND value < $1"));
        GK_CHECK_OK(floor->bind(1, number(high)).run());
        GK_TRY(store::Statement * gone, db.query("DELETE FROM arbiter_lanes WHERE name = $1"));
        return gone->bind(1, name).run();
      },
      std::move(done));
}

void SqlLaneStore::save_module(const std::string& name, std::string module, Done done) {
  submit(
      [name, module = std::move(module)](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO arbiter_modules (name, module) VALUES ($1, $2) "
                        "ON CONFLICT (name) DO UPDATE SET module = $2"));
        return put->bind(1, name).bind(2, module).run();
      },
      std::move(done));
}

void SqlLaneStore::delete_module(const std::string& name, Done done) {
  submit(
      [name](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * gone, db.query("DELETE FROM arbiter_modules WHERE name = $1"));
        return gone->bind(1, name).run();
      },
      std::move(done));
}

}  // namespace gk::arbiter
