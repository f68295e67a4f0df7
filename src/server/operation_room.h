// operation_room.h: operations and task graphs with their store and view of the machine.

#pragma once

#include <memory>

#include "api/hub.h"
#include "api/router.h"
#include "arbiter/operations/operation_service.h"
#include "arbiter/operations/routes.h"
#include "arbiter/operations/task_service.h"
#include "monitor/monitor.h"
#include "server/rooms.h"

namespace gk::server {

/// Thread: loop.
class OperationRoom {
 public:
  /// Rolls back what a crash interrupted and reads what was stored. Blocks: called once, at the
  /// start, before the API serves.
  /// Errors: those of the store.
  static Result<std::unique_ptr<OperationRoom>> create(const RoomsContext& context,
                                                       store::Writer& state,
                                                       monitor::Monitor& monitor);

  /// Topics and routes. Requires: hub and router outlive this.
  void connect(api::Hub& hub, api::Router& router);
  /// Ends all programs of tasks; nothing more starts.
  void stop() { tasks_->stop(); }

 private:
  OperationRoom(const RoomsContext& context, store::Writer& state);

  arbiter::OperationStore store_;
  std::unique_ptr<arbiter::OperationService> operations_;
  std::unique_ptr<arbiter::TaskService> tasks_;
  std::unique_ptr<arbiter::TaskTopics> topics_;
};

}  // namespace gk::server
