#include "server/operation_room.h"

#include <unistd.h>

#include "accounts/audit.h"
#include "base/try.h"
#include "server/hidden_paths.h"
#include "sys/files.h"
#include "sys/paths.h"

namespace gk::server {
namespace {

arbiter::TaskOptions task_options(const RoomsContext& context) {
  arbiter::TaskOptions options;
  options.process.worker = sys::program_dir() + "/gamekeeper-worker";
  // As for process macros: our own files, and the session bus that could start programs outside.
  options.process.hidden = hidden_paths(context.data_dir, context.config);
  return options;
}

/// Operations are recorded where changes of accounts are: one chain, one page.
arbiter::AuditHook audit_in(const RoomsContext& context) {
  return
      [&clock = context.clock, &log = context.log](
          store::Database& db, const arbiter::AuditEntry& entry) -> Result<std::function<void()>> {
        accounts::AuditRow row;
        row.at_us = clock.wall().time_since_epoch().count();
        row.actor_id = entry.author.user_id;
        row.actor = entry.author.name;
        row.action = entry.action;
        row.target = entry.target;
        row.after = entry.after;
        row.correlation_id = entry.author.correlation_id;
        GK_TRY(const accounts::AuditHead head, accounts::append_audit(db, row));
        return std::function<void()>(
            [&log, row = std::move(row), head] { accounts::log_audit_head(log, row, head); });
      };
}

}  // namespace

OperationRoom::OperationRoom(const RoomsContext& context, store::Writer& state)
    : store_(state, context.loop) {}

Result<std::unique_ptr<OperationRoom>> OperationRoom::create(const RoomsContext& context,
                                                             store::Writer& state,
                                                             monitor::Monitor& monitor) {
  std::unique_ptr<OperationRoom> room(new OperationRoom(context, state));
  GK_CHECK_OK(sys::make_private_dir(context.data_dir + "/config"));
  GK_TRY(auto steps, arbiter::builtin_steps(context.data_dir + "/config", state, context.clock));
  GK_TRY(room->operations_,
         arbiter::OperationService::create({}, std::move(steps), state, room->store_, context.loop,
                                           context.clock, context.log, context.metrics));
  room->operations_->record_in(audit_in(context));
  const auto cpu_use = [&monitor, &clock = context.clock]() -> std::optional<double> {
    const auto snapshot = monitor.latest();
    if (snapshot == nullptr || !snapshot->cpu_usage.is_known(clock.mono())) return std::nullopt;
    return snapshot->cpu_usage.value();
  };
  room->tasks_ = std::make_unique<arbiter::TaskService>(
      task_options(context), *room->operations_, room->store_, context.loop, context.clock,
      context.random, context.log, context.metrics, cpu_use);
  GK_CHECK_OK(room->tasks_->restore());
  return room;
}

void OperationRoom::connect(api::Hub& hub, api::Router& router) {
  topics_ = std::make_unique<arbiter::TaskTopics>(hub, *tasks_);
  arbiter::add_operation_routes(router, *operations_);
  arbiter::add_task_routes(router, *tasks_);
}

}  // namespace gk::server
