// routes.h: /backups and /backups/{name}.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/router.h"
#include "backups/service.h"

namespace gk::backups {

/// One line for the audit; `done` after it is on disk.
struct AuditNote {
  std::shared_ptr<const api::Principal> by;
  std::string action;  ///< "backup.create" or "backup.delete"
  std::string target;  ///< Name; empty of backup.create, which has none yet.
  std::string correlation_id;
};
using Audit = std::function<void(AuditNote, std::function<void(Result<void>)> done)>;

/// Adds the routes. Nothing is made or deleted before the audit has it on disk.
/// Requires: all outlive the router.
void add_backup_routes(api::Router& router, BackupService& service, Audit audit);

}  // namespace gk::backups
