// routes.h: the HTTP routes and topics of lanes: /api/locks/…, /api/lock-modules/…, lock:….

#pragma once

#include "api/hub.h"
#include "api/router.h"
#include "arbiter/service/lane_service.h"
#include "base/clock.h"
#include "net/loop.h"

namespace gk::arbiter {

/// Adds the routes. Requires: the service outlives the router.
void add_lane_routes(api::Router& router, LaneService& service);

/// Registers lock:granted, lock:timeout and lock:updated and feeds them from the service.
/// lock:updated comes when something has changed, at most four times a second; an idle service
/// sets no timer.
/// Thread: loop.
class LaneTopics {
 public:
  /// Requires: all outlive this.
  LaneTopics(api::Hub& hub, LaneService& service, net::Loop& loop, const Clock& clock);

 private:
  void on_notice(const LaneNotice& notice);
  void publish_state();

  api::Hub& hub_;
  LaneService& service_;
  net::Loop& loop_;
  const Clock& clock_;
  MonoTime published_ = MonoTime::min();
  net::Handle later_;
  Topic<LaneNotice>::Subscription notices_;
};

}  // namespace gk::arbiter
