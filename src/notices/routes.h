// routes.h: the HTTP routes and topics of this room: /api/notices/…, notice:….

#pragma once

#include "api/hub.h"
#include "api/router.h"
#include "notices/notice_service.h"

namespace gk::notices {

/// Adds the routes. Requires: the service outlives the router.
void add_notice_routes(api::Router& router, NoticeService& service);

/// Registers notice:delivered and notice:failed and feeds them from the service.
/// Thread: loop.
class NoticeTopics {
 public:
  /// Requires: hub and service outlive this.
  NoticeTopics(api::Hub& hub, NoticeService& service);

 private:
  Topic<Delivery>::Subscription ended_;
};

}  // namespace gk::notices
