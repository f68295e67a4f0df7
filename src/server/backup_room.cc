#include "server/backup_room.h"

#include "monitor/loop_driver.h"
#include "server/audit_rows.h"
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

void BackupRoom::connect(api::Router& router) {
  backups::add_backup_routes(
      router, service_, [this](backups::AuditNote note, std::function<void(Result<void>)> done) {
        add_audit_row(
            context_, state_, *note.by,
            {.action = note.action, .target = note.target, .correlation_id = note.correlation_id},
            std::move(done));
      });
}

}  // namespace gk::server
