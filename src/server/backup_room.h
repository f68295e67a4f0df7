// backup_room.h: the backups of this daemon's data folder, with their rows of the audit.

#pragma once

#include "api/router.h"
#include "backups/routes.h"
#include "server/rooms.h"
#include "store/writer.h"

namespace gk::server {

/// Thread: loop.
class BackupRoom {
 public:
  BackupRoom(const RoomsContext& context, store::Writer& state);

  /// Requires: the router outlives this.
  void connect(api::Router& router);

 private:
  const RoomsContext& context_;
  store::Writer& state_;
  backups::BackupService service_;
};

}  // namespace gk::server
