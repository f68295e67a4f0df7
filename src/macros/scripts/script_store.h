// script_store.h: the library in state.db: texts with their versions, what macros remember, which
// of them shall start again, and which moment of a schedule has been served.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "macros/scripts/script.h"
#include "net/loop.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::macros {

/// The schema of this room in state.db.
store::RoomMigrations scripts_migrations();

using Remembered = std::map<std::string, std::string, std::less<>>;  ///< Key → JSON.

/// A run that shall begin again after a restart.
struct ResumableRun {
  std::string macro_id, script, game, args_json;
};

struct StoredScripts {
  std::vector<Script> scripts;
  std::map<std::string, Remembered, std::less<>> states;  ///< By macro id.
  std::vector<ResumableRun> runs;
  std::map<std::string, WallTime> served;  ///< Script → last moment of its schedule.
};

/// Thread: loop; `done` comes on the loop, and never before the call returns.
class ScriptStore {
 public:
  using Done = std::function<void(Result<void>)>;

  /// Requires: both outlive the store; the migrations have run.
  ScriptStore(store::Writer& writer, net::Loop& loop) : writer_(writer), loop_(loop) {}

  Result<StoredScripts> load();  ///< At start-up only: blocks.

  /// All of them or none. A new version is kept besides; the oldest beyond kMaxVersions goes.
  /// Shared: the writer's thread reads them, so that 16 MiB are not copied; unchanged until `done`.
  void save(std::shared_ptr<const std::vector<Script>> scripts, Done done);
  /// With its versions, its served moments and what its macro remembers.
  void remove(const std::string& name, Done done);
  void versions(const std::string& name,
                std::function<void(Result<std::vector<ScriptVersion>>)> done);
  /// The text of a version. Errors: not_found.
  void version(const std::string& name, std::int64_t version,
               std::function<void(Result<std::string>)> done);
  /// Puts `changes` over what is kept; an empty text removes its key.
  void save_state(const std::string& macro_id, Remembered changes, Done done);
  void save_run(ResumableRun run, Done done);
  void remove_run(const std::string& macro_id, Done done);
  void save_served(const std::string& script, WallTime moment, Done done);

 private:
  void submit(store::Writer::Job job, Done done);

  store::Writer& writer_;
  net::Loop& loop_;
};

}  // namespace gk::macros
