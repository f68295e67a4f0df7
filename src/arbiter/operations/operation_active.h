// operation_active.h: one operation that runs or waits, and what stays of it. Inside the room only.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arbiter/operations/operation_service.h"

namespace gk::arbiter {

/// What callers see of an operation.
struct OperationView {
  OperationId id;
  std::string kind, resource, by, state;
  std::uint8_t priority = 50;
  std::optional<OperationId> merged_into;
  std::optional<std::string> reason;
  std::size_t steps_run = 0;
  WallTime submitted_at{};
  std::optional<WallTime> started_at, ended_at;
};

struct OperationService::Active {
  OperationId id;
  OperationRequest request;
  Done done;
  State state = State::waiting;
  std::vector<StepCall> steps;     // From its start until it runs.
  std::shared_ptr<StopFlag> stop;  // Shared with the pool thread.
  net::Handle deadline;
  WallTime submitted_at{};
  std::optional<WallTime> started_at;
  std::optional<OperationId> merged_into;
  std::optional<Error> own_reason;
  std::size_t steps_run = 0;
};

struct OperationService::Ended {
  OperationView view;
};

}  // namespace gk::arbiter
