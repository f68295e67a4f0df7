// script_room.h: the macro library with what runs from it, between the game links and the macro
// service.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/hub.h"
#include "api/router.h"
#include "games/port.h"
#include "macros/scripts/console_keeper.h"
#include "macros/scripts/library.h"
#include "macros/scripts/lua_process.h"
#include "macros/scripts/macro_starter.h"
#include "macros/scripts/routes.h"
#include "macros/scripts/scheduler.h"
#include "macros/scripts/script_memory.h"
#include "macros/scripts/script_runner.h"
#include "macros/scripts/script_store.h"
#include "macros/service.h"
#include "monitor/monitor.h"
#include "server/rooms.h"
#include "server/stores.h"

namespace gk::server {

/// Thread: loop. Outlives the macro service: it is the host of its scripts.
class ScriptRoom final : public macros::MacroStarter {
 public:
  /// Reads what was stored. Blocks for it: called once, at the start.
  /// Errors: as ScriptStore::load().
  static Result<std::unique_ptr<ScriptRoom>> create(const RoomsContext& context,
                                                    const Stores& stores, WorkerPool& pool,
                                                    monitor::Monitor& monitor, games::Port& port);

  /// Topics, routes, and the service that watches what runs; from now on schedules hold.
  /// Requires: no macro runs yet; hub, router and service outlive the loop's run.
  void connect(api::Hub& hub, api::Router& router, macros::MacroService& service);
  /// Macros that resume are remembered; what they know is handed to the store.
  void prepare_to_stop();

  // MacroStarter: through the macro service.
  void start(macros::ScriptStart start, Started done) override;
  Result<void> stop(std::string_view macro_id) override;

  bool has_script(std::string_view name) const { return library_->find(name) != nullptr; }
  /// What macros tell their operators.
  Topic<macros::ScriptNotice>& notices() { return runner_->notices(); }

 private:
  ScriptRoom(const RoomsContext& context, const Stores& stores);
  void keep_logs(const RoomsContext& context);
  macros::ScriptStore store_;
  macros::SqlConsoleStore console_store_;
  macros::ScriptMemory memory_;
  std::unique_ptr<macros::LuaWorkers> lua_;
  std::unique_ptr<macros::ScriptLibrary> library_;
  std::unique_ptr<macros::ScriptRunner> runner_;
  std::unique_ptr<macros::ConsoleKeeper> keeper_;  // Behind the runner, whose log it writes.
  Topic<macros::ScriptLogLine>::Subscription logged_;
  Topic<macros::ScriptChanged>::Subscription removed_;
  std::unique_ptr<macros::Scheduler> scheduler_;
  std::unique_ptr<macros::ScriptTopics> topics_;
  std::map<std::string, WallTime> served_;       // Until connect().
  std::vector<macros::ResumableRun> resumable_;  // Until connect().
  macros::MacroService* service_ = nullptr;      // Borrowed; set by connect().
  net::Loop& loop_;
};

}  // namespace gk::server
