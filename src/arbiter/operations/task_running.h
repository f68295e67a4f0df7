// task_running.h: one task that runs, or that was told to stop and has not gone yet. Inside the
// room only.

#pragma once

#include <memory>
#include <optional>

#include "arbiter/operations/process_task.h"
#include "arbiter/operations/task_service.h"

namespace gk::arbiter {

struct TaskService::Running {
  std::uint64_t number = 0;
  TaskRef ref;
  MonoTime since{};
  net::Handle timer;                     // sleep
  std::unique_ptr<ProcessTask> process;  // process
  std::optional<OperationId> operation;  // operation
};

}  // namespace gk::arbiter
