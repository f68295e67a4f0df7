#include "games/game_store.h"

#include <array>

#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::games {
namespace {

constexpr std::array<store::Migration, 1> kSteps{
    {{.number = 1, .name = "links to game servers", .sqlite = R"sql(
CREATE TABLE games (
  name TEXT PRIMARY KEY,
  settings TEXT NOT NULL,
  password BLOB NOT NULL
) STRICT;
)sql"}}};

}  // namespace

store::RoomMigrations games_migrations() { return {"games", kSteps}; }

void SqlGameStore::submit(store::Writer::Job job, Done done) {
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      std::move(job), std::move(done));
}

Result<std::vector<StoredGame>> SqlGameStore::load() {
  std::vector<StoredGame> out;
  GK_CHECK_OK(writer_.run([&](store::Database& db) -> Result<void> {
    GK_TRY(store::Statement * rows,
           db.query("SELECT name, settings, password FROM games ORDER BY name"));
    for (;;) {
      GK_TRY(const bool more, rows->step());
      if (!more) return {};
      out.push_back({std::string(rows->text(0)), std::string(rows->text(1)), rows->blob(2)});
    }
  }));
  return out;
}

void SqlGameStore::save(StoredGame game, Done done) {
  submit(
      [game = std::move(game)](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO games (name, settings, password) VALUES ($1, $2, $3) "
                        "ON CONFLICT (name) DO UPDATE SET settings = $2, password = $3"));
        return put->bind(1, game.name).bind(2, game.settings).bind_blob(3, game.password).run();
      },
      std::move(done));
}

void SqlGameStore::remove(const std::string& name, Done done) {
  submit(
      [name](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * gone, db.query("DELETE FROM games WHERE name = $1"));
        return gone->bind(1, name).run();
      },
      std::move(done));
}

}  // namespace gk::games
