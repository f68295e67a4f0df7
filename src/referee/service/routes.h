// routes.h: the HTTP routes and topics of this room: /api/movement/…, movement:….

#pragma once

#include "api/hub.h"
#include "api/router.h"
#include "base/worker_pool.h"
#include "referee/service/service.h"

namespace gk::referee {

/// Adds the routes. Requires: service and pool outlive the router.
void add_referee_routes(api::Router& router, RefereeService& service, WorkerPool& pool,
                        std::function<void(std::function<void()>)> post);

/// Registers movement:rejected and movement:updated and feeds them from the service.
/// Thread: loop.
class MovementTopics {
 public:
  /// Requires: hub and service outlive this.
  MovementTopics(api::Hub& hub, RefereeService& service);

 private:
  void refresh();

  api::Hub& hub_;
  RefereeService& service_;
  Topic<VerdictRecord>::Subscription rejected_;
  Topic<bool>::Subscription changed_;
  std::string latest_;  // For who subscribes.
  bool asking_ = false;
};

}  // namespace gk::referee
