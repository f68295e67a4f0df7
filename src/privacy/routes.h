// routes.h: GET /api/players/{id}/export and DELETE /api/players/{id}.

#pragma once

#include <functional>
#include <string>

#include "api/router.h"
#include "privacy/player_data.h"
#include "privacy/pseudonyms.h"

namespace gk::privacy {

/// One line for the audit; `done` after it is on disk.
struct AuditNote {
  std::shared_ptr<const api::Principal> by;
  std::string action;  ///< "player.export" or "player.delete"
  std::string target;  ///< The pseudonym.
  std::string correlation_id;
};
using Audit = std::function<void(AuditNote, std::function<void(Result<void>)> done)>;

/// Adds the routes (scope anticheat:admin). Nothing is handed out or deleted before the audit has
/// it on disk. Requires: all outlive the router.
void add_player_routes(api::Router& router, PlayerData& players, const Pseudonyms& pseudonyms,
                       Audit audit, Log& log, const Clock& clock);

}  // namespace gk::privacy
