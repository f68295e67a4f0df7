// macro_room.h: the macro service with its store, profiles and view of the monitor.

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "api/hub.h"
#include "api/router.h"
#include "base/worker_pool.h"
#include "macros/macro_store.h"
#include "macros/profile_book.h"
#include "macros/routes.h"
#include "macros/service.h"
#include "monitor/health.h"
#include "monitor/monitor.h"
#include "server/lane_room.h"
#include "server/monitor_observer.h"
#include "server/rooms.h"
#include "server/stores.h"
#include "sys/dir_watch.h"

namespace gk::server {

/// How the daemon confines what it starts: process macros, and the workers of scripts.
macros::LauncherOptions macro_launcher(const RoomsContext& context);

/// The weights and limits of the culprit score that a configuration asks for.
macros::CulpritSettings culprit_settings(const Config& config);

/// Thread: loop, except health().
class MacroRoom {
 public:
  /// Reads what was stored. Blocks for it: called once, at the start.
  /// Requires: the lanes outlive it. Errors: as MacroStore::load().
  static Result<std::unique_ptr<MacroRoom>> create(const RoomsContext& context,
                                                   const Stores& stores, WorkerPool& pool,
                                                   monitor::Monitor& monitor, LaneRoom& lanes);

  /// Topics and routes. Requires: hub and router outlive this.
  void connect(api::Hub& hub, api::Router& router);
  macros::MacroService& service() { return *service_; }
  /// Where macros act, and what measures them. Requires: the games outlive this.
  void set_games(games::Port* games);
  /// How well process macros are confined. Safe.
  monitor::CheckOutcome health() const;

 private:
  MacroRoom(const RoomsContext& context, const Stores& stores, WorkerPool& pool,
            monitor::Monitor& monitor, LaneRoom& lanes);

  void watch_overrides(const RoomsContext& context);

  macros::SqlMacroStore store_;
  macros::ProfileBook profiles_;
  MonitorObserver observer_;
  std::unique_ptr<macros::MacroService> service_;
  macros::Simulations simulations_;
  macros::SqlTallyStore tally_store_;
  macros::MacroTallies tallies_;
  games::Port* games_ = nullptr;  // Borrowed.
  macros::TrendReports trends_;
  const Clock& clock_;
  std::unique_ptr<macros::MacroTopics> topics_;
  Topic<macros::MacroNotice>::Subscription notices_;
  // Held, so that a fenced macro loses its lanes too.
  Topic<macros::MacroFence>::Subscription fenced_;
  Topic<macros::MacroEntry>::Subscription entries_;
  std::atomic<bool> degraded_{false};
  std::optional<sys::DirWatch> override_files_;
  net::Handle override_watch_;
};

}  // namespace gk::server
