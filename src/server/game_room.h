// game_room.h: the service of game links with its store, sealed passwords, routes and health check.

#pragma once

#include <memory>

#include "api/hub.h"
#include "api/router.h"
#include "games/game_store.h"
#include "games/routes.h"
#include "games/service.h"
#include "monitor/health.h"
#include "monitor/monitor.h"
#include "server/rooms.h"

namespace gk::server {

/// Thread: loop.
class GameRoom {
 public:
  /// Reads what was stored and begins to connect. Blocks for it: called once, at the start.
  /// Errors: as GameStore::load() and load_or_make_key().
  static Result<std::unique_ptr<GameRoom>> create(const RoomsContext& context, store::Writer& state,
                                                  monitor::Monitor& monitor,
                                                  arbiter::LaneService& lanes);

  /// Topics and routes. Requires: hub, router and pool outlive this.
  void connect(api::Hub& hub, api::Router& router, WorkerPool& pool, games::MacroRuns macro_runs);
  games::GameService& service() { return *service_; }
  /// "game_links": degraded while one that should be connected is not. Requires: this outlives it.
  monitor::HealthCheck health_check() const;
  /// Whoever waits is told so.
  void prepare_to_stop() { service_->shutdown(); }

 private:
  GameRoom(const RoomsContext& context, store::Writer& state);

  net::Loop& loop_;
  const games::LinkEnvironment environment_;
  games::SqlGameStore store_;
  std::unique_ptr<games::GameService> service_;
  std::unique_ptr<games::GameTopics> topics_;
  std::unique_ptr<games::Detector> detector_;
};

}  // namespace gk::server
