// How the actions of tasks run and stop.
#include <utility>

#include "arbiter/operations/task_running.h"

namespace gk::arbiter {
namespace {

// A program's way to say "not now, try again". Source: sysexits.h, EX_TEMPFAIL
constexpr int kTemporaryFailure = 75;

Nanos nanos(double seconds) {
  return std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(seconds));
}

std::string process_json(const ProcessEnd& end, Nanos took) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("exit_code", end.exit_code).field("output", end.output);
  w.field("output_dropped_bytes", end.dropped);
  w.field("duration_s", std::chrono::duration<double>(took).count()).end_object();
  return out;
}

/// Errors that pass: somebody else was first, or the time was short.
bool is_transient(Errc code) {
  return code == Errc::deadline_exceeded || code == Errc::unavailable ||
         code == Errc::resource_exhausted || code == Errc::failed_precondition;
}

}  // namespace

void TaskService::run_sleep(Running& running, const TaskAction& action) {
  running.timer = loop_.after(nanos(action.seconds), [this, run = running.number] {
    finish(run, TaskResult::success, "", "");
  });
}

void TaskService::run_process(Running& running, const TaskAction& action) {
  running.process = std::make_unique<ProcessTask>(starter_);
  const std::uint64_t run = running.number;
  const double timeout_s = action.timeout_s;
  const auto started = running.process->start(
      action.command, nanos(timeout_s),
      [this, run, timeout_s, since = running.since](const ProcessEnd& end) {
        const std::string json = process_json(end, clock_.mono() - since);
        switch (end.how) {
          case ProcessEnd::How::timed_out:
            return finish(run, TaskResult::transient_error,
                          "it took longer than " + format_number(timeout_s) + " s", json);
          case ProcessEnd::How::not_started:
            return finish(run, TaskResult::permanent_error, end.why, json);
          default: break;
        }
        if (end.exit_code == 0) return finish(run, TaskResult::success, "", json);
        finish(run,
               end.exit_code == kTemporaryFailure ? TaskResult::transient_error
                                                  : TaskResult::permanent_error,
               "exit code " + std::to_string(end.exit_code), json);
      });
  if (started) return;
  loop_.post([this, run, why = started.error().message, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) finish(run, TaskResult::permanent_error, why, "");
  });
}

void TaskService::run_operation(Running& running, const GraphEntry& graph,
                                const TaskAction& action) {
  OperationRequest request;
  request.kind = action.kind;
  request.resource = action.resource;
  request.priority = action.priority;
  request.input = action.input;
  request.by.name = graph.by;
  request.is_admin = graph.is_admin;
  const std::uint64_t run = running.number;
  // Posted, because the answer may come before run() returns.
  running.operation = operations_.run(
      std::move(request),
      [this, run, alive = std::weak_ptr<int>(alive_)](const Result<OperationOutcome>& outcome) {
        if (alive.expired()) return;
        loop_.post([this, run, outcome, alive] {
          if (alive.expired()) return;
          if (!outcome) {
            return finish(run,
                          is_transient(outcome.error().code) ? TaskResult::transient_error
                                                             : TaskResult::permanent_error,
                          outcome.error().message, "");
          }
          std::string json;
          JsonWriter w(json);
          w.begin_object().field("operation", std::to_string(outcome->id.value));
          w.field("steps", outcome->steps).end_object();
          finish(run, TaskResult::success, "", std::move(json));
        });
      });
}

/// Tells an action to stop; finish() comes when it is gone.
void TaskService::stop_running(TaskRef ref) {
  for (auto& [number, running] : running_) {
    if (running->ref != ref) continue;
    if (running->process != nullptr) return running->process->stop();
    if (running->operation) return (void)operations_.cancel(*running->operation);
    running->timer = {};
    loop_.post([this, run = number, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) finish(run, TaskResult::permanent_error, "", "");
    });
    return;
  }
}

}  // namespace gk::arbiter
