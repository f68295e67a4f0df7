// lane_store.h: what of the lanes must survive a restart: lanes, modules, and how far tokens went.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gamekeeper/arbiter_types.h"
#include "net/loop.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::arbiter {

struct StoredLane {
  std::string name;
  std::string settings;  ///< JSON of LaneSettings.
  Token start;           ///< Tokens of this life are above it.
  Token ceiling;         ///< On disk: tokens up to it may be given out.
};

struct StoredModule {
  std::string name;
  std::string module;  ///< JSON of Module.
};

struct StoredLanes {
  std::vector<StoredLane> lanes;
  std::vector<StoredModule> modules;
  Token floor;  ///< New lanes start above it: no name gets the tokens of its last life again.
};

/// Thread: loop; `done` comes on the loop, and never before the call returns.
class LaneStore {
 public:
  using Done = std::function<void(Result<void>)>;

  virtual ~LaneStore() = default;
  /// Reads everything and reserves `block` tokens for each lane; the first time, adds
  /// `first_lane` with default settings. At start-up only: blocks.
  virtual Result<StoredLanes> load(const std::string& first_lane, std::uint64_t block) = 0;
  /// Adds or changes a lane; the ceiling never goes down.
  virtual void save_lane(const std::string& name, std::string settings, Token ceiling,
                         Done done) = 0;
  virtual void save_ceiling(const std::string& name, Token ceiling, Done done) = 0;
  /// Forgets the lane and keeps its mark in the floor.
  virtual void delete_lane(const std::string& name, Token high, Done done) = 0;
  virtual void save_module(const std::string& name, std::string module, Done done) = 0;
  virtual void delete_module(const std::string& name, Done done) = 0;
};

/// The schema of this room in state.db.
store::RoomMigrations lanes_migrations();

/// The store over state.db's writer.
class SqlLaneStore final : public LaneStore {
 public:
  /// Requires: both outlive the store; the migrations have run.
  SqlLaneStore(store::Writer& writer, net::Loop& loop) : writer_(writer), loop_(loop) {}

  Result<StoredLanes> load(const std::string& first_lane, std::uint64_t block) override;
  void save_lane(const std::string& name, std::string settings, Token ceiling, Done done) override;
  void save_ceiling(const std::string& name, Token ceiling, Done done) override;
  void delete_lane(const std::string& name, Token high, Done done) override;
  void save_module(const std::string& name, std::string module, Done done) override;
  void delete_module(const std::string& name, Done done) override;

 private:
  void submit(store::Writer::Job job, Done done);

  store::Writer& writer_;
  net::Loop& loop_;
};

}  // namespace gk::arbiter
