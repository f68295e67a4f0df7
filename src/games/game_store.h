// game_store.h: the games and their sealed passwords in state.db.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "net/loop.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::games {

struct StoredGame {
  std::string name;
  std::string settings;                ///< JSON of write_settings().
  std::vector<std::uint8_t> password;  ///< Sealed; empty: none.
};

/// Thread: loop; `done` comes on the loop, and never before the call returns.
class GameStore {
 public:
  using Done = std::function<void(Result<void>)>;

  virtual ~GameStore() = default;
  virtual Result<std::vector<StoredGame>> load() = 0;  ///< At start-up only: blocks.
  virtual void save(StoredGame game, Done done) = 0;
  virtual void remove(const std::string& name, Done done) = 0;
};

/// The schema of this room in state.db.
store::RoomMigrations games_migrations();

/// The store over state.db's writer.
class SqlGameStore final : public GameStore {
 public:
  /// Requires: both outlive the store; the migrations have run.
  SqlGameStore(store::Writer& writer, net::Loop& loop) : writer_(writer), loop_(loop) {}

  Result<std::vector<StoredGame>> load() override;
  void save(StoredGame game, Done done) override;
  void remove(const std::string& name, Done done) override;

 private:
  void submit(store::Writer::Job job, Done done);

  store::Writer& writer_;
  net::Loop& loop_;
};

}  // namespace gk::games
