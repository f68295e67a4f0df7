// audit_rows.h: a row of the audit for a room that has no database of its own.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/principal.h"
#include "server/rooms.h"
#include "store/writer.h"

namespace gk::server {

struct AuditWords {
  std::string action;  ///< "backup.create"
  std::string target;
  std::string correlation_id;
  std::optional<std::string> before = {}, after = {};  ///< JSON, without secrets.
};

/// Appends to the chain and logs the head; `done` on the loop, after the row is on disk.
/// Errors in `done`: the store's.
void add_audit_row(const RoomsContext& context, store::Writer& state, const api::Principal& by,
                   const AuditWords& words, std::function<void(Result<void>)> done);

}  // namespace gk::server
