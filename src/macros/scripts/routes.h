// routes.h: the HTTP routes and topics of this room: /api/macro-scripts/…, script:….

#pragma once

#include <memory>

#include "api/hub.h"
#include "api/router.h"
#include "macros/scripts/library.h"
#include "macros/scripts/macro_starter.h"
#include "macros/scripts/scheduler.h"
#include "macros/scripts/script_runner.h"

namespace gk::macros {

/// What the routes speak to; all of it outlives the router.
struct ScriptServices {
  ScriptLibrary& library;
  ScriptRunner& runner;
  Scheduler& scheduler;
  MacroStarter& starter;
  net::Loop& loop;
};

/// Adds the routes.
void add_script_routes(api::Router& router, const ScriptServices& services);

/// The topics script:changed and script:log.
/// Thread: loop.
class ScriptTopics {
 public:
  /// Requires: hub and services outlive this.
  ScriptTopics(api::Hub& hub, const ScriptServices& services);

 private:
  Topic<ScriptChanged>::Subscription changed_;
  Topic<ScriptLogLine>::Subscription logged_;
};

}  // namespace gk::macros
