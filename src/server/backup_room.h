// backup_room.h: the backups of this daemon's data folder, with their rows of the audit.

#pragma once

#include "api/router.h"
#include "backups/routes.h"
#include "backups/scheduler.h"
#include "monitor/health.h"
#include "server/rooms.h"
#include "store/writer.h"

namespace gk::server {

/// Thread: loop.
class BackupRoom {
 public:
  /// Errors: invalid_argument (the schedule of the configuration).
  static Result<std::unique_ptr<BackupRoom>> create(const RoomsContext& context,
                                                    store::Writer& state);

  /// Requires: the router outlives this.
  void connect(api::Router& router);
  /// "backups": degraded after a scheduled backup failed; nothing without a schedule.
  std::optional<monitor::HealthCheck> health_check() const;

 private:
  BackupRoom(const RoomsContext& context, store::Writer& state);

  const RoomsContext& context_;
  store::Writer& state_;
  backups::BackupService service_;
  std::unique_ptr<backups::BackupScheduler> scheduler_;  // Null without a schedule.
};

}  // namespace gk::server
