// audited_routes.h: what the audit gets of each route that may change something: one table, so that
// what is recorded, and what is not and why, can be read in one place. Why: docs/decisions/0033.

#pragma once

#include <string>
#include <string_view>

#include "api/router.h"
#include "server/rooms.h"
#include "store/writer.h"

namespace gk::server {

/// Gives every route its rule and lets the rows go to `state`.
/// Requires: all rooms have added their routes. Asserts that none that may change something is
/// missing: a new route says what it records. `context` and `state` outlive the router's calls.
void audit_routes(api::Router& router, const RoomsContext& context, store::Writer& state);

/// The row of what a signal did. Best effort: a row that cannot be written is an error in the log.
void audit_signal(const RoomsContext& context, store::Writer& state, std::string_view by,
                  std::string action, std::string after_json);

/// `command` as it may be kept for good: its first word alone when it may hold a password.
std::string without_secret_words(const std::string& command);

}  // namespace gk::server
