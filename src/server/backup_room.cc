#include "server/backup_room.h"

#include "base/try.h"
#include "monitor/loop_driver.h"
#include "server/audit_rows.h"
#include "server/backup_times.h"
#include "store/backup_folder.h"

namespace gk::server {

BackupRoom::BackupRoom(const RoomsContext& context, store::Writer& state)
    : context_(context),
      state_(state),
      service_(
          {.folder = context.data_dir + "/backups"},
          [data = context.data_dir, &clock = context.clock](const std::string& to) {
            return store::backup_folder(data, to, clock.wall());
          },
          monitor::post_to(context.loop), context.clock, context.log) {}

Result<std::unique_ptr<BackupRoom>> BackupRoom::create(const RoomsContext& context,
                                                       store::Writer& state) {
  auto room = std::unique_ptr<BackupRoom>(new BackupRoom(context, state));
  const Config& config = context.config;
  if (config.backups_schedule.empty()) return room;
  GK_TRY(auto next, backup_times(config.backups_schedule, config.backups_time_zone));
  room->scheduler_ = std::make_unique<backups::BackupScheduler>(
      backups::ScheduleOptions{.keep = static_cast<std::size_t>(config.backups_keep)},
      std::move(next), room->service_, context.loop, context.clock, context.log);
  return room;
}

std::optional<monitor::HealthCheck> BackupRoom::health_check() const {
  if (scheduler_ == nullptr) return std::nullopt;
  return monitor::HealthCheck{
      .name = "backups", .run = [scheduler = scheduler_.get()]() -> monitor::CheckOutcome {
        const backups::ScheduleState state = scheduler->state();
        const std::string last = state.last_good
                                     ? "the last whole one is of " + rfc3339(*state.last_good)
                                     : std::string("there is none yet");
        if (!state.failure.empty()) {
          return {monitor::HealthStatus::degraded, state.failure + "; " + last};
        }
        return {monitor::HealthStatus::ok,
                last + (state.due ? "; next at " + rfc3339(*state.due) : std::string())};
      }};
}

void BackupRoom::connect(api::Router& router) {
  backups::add_backup_routes(
      router, service_, [this](backups::AuditNote note, std::function<void(Result<void>)> done) {
        add_audit_row(
            context_, state_, *note.by,
            {.action = note.action, .target = note.target, .correlation_id = note.correlation_id},
            std::move(done));
      });
  if (scheduler_) scheduler_->start();
}

}  // namespace gk::server
