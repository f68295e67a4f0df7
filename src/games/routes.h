// routes.h: the HTTP routes and topics of this room: /api/games/…, /api/game-kinds, game:….

#pragma once

#include <functional>
#include <string_view>

#include "api/hub.h"
#include "api/router.h"
#include "games/detector.h"
#include "games/service.h"

namespace gk::games {

/// Whether a macro of that id runs. Games know nothing of macros.
using MacroRuns = std::function<bool(std::string_view macro_id)>;

/// Adds the routes. Requires: the service outlives the router.
void add_games_routes(api::Router& router, GameService& service, MacroRuns macro_runs);

/// POST /games/detect. Requires: both outlive the router.
void add_detect_route(api::Router& router, GameService& service, Detector& detector);

/// Registers game:state and game:line and feeds them from the service.
/// Thread: loop.
class GameTopics {
 public:
  /// Requires: all outlive this.
  GameTopics(api::Hub& hub, GameService& service, net::Loop& loop);

 private:
  Topic<std::string>::Subscription changes_;
  Topic<HistoryEntry>::Subscription records_;
  net::Handle refresh_;  // Figures change without a state change.
};

}  // namespace gk::games
