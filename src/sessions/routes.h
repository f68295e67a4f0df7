// routes.h: the HTTP routes and topics of this room: /api/sessions, /api/modes, /api/commands,
// session:…, mode:…, command:….

#pragma once

#include "api/hub.h"
#include "api/router.h"
#include "sessions/command_service.h"
#include "sessions/session_service.h"

namespace gk::sessions {

/// Adds the routes. Requires: both services outlive the router.
void add_session_routes(api::Router& router, SessionService& sessions, CommandService& commands);

/// Registers the topics and feeds them from the services.
/// Thread: loop.
class SessionTopics {
 public:
  /// Requires: hub and services outlive this.
  SessionTopics(api::Hub& hub, SessionService& sessions, CommandService& commands);

 private:
  Topic<SessionChange>::Subscription changes_;
  Topic<ModeChange>::Subscription modes_;
  Topic<CommandRecord>::Subscription commands_;
};

}  // namespace gk::sessions
