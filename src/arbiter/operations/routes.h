// routes.h: the HTTP routes and topics of this room: /api/operations/…, /api/task-graphs/…,
// /api/tasks/…, task:….

#pragma once

#include "api/hub.h"
#include "api/router.h"
#include "arbiter/operations/operation_service.h"
#include "arbiter/operations/task_service.h"

namespace gk::arbiter {

/// Adds the routes. Requires: both services outlive the router.
void add_operation_routes(api::Router& router, OperationService& operations);
void add_task_routes(api::Router& router, TaskService& tasks);

/// Registers task:created, task:completed and task:updated and feeds them from the service.
/// Thread: loop.
class TaskTopics {
 public:
  /// Requires: hub and service outlive this.
  TaskTopics(api::Hub& hub, TaskService& tasks);

 private:
  Topic<std::string>::Subscription created_, completed_;
  Topic<int>::Subscription updated_;
};

}  // namespace gk::arbiter
