// overview.h: everything that the dashboard's first page shows, in one answer, so that a page that
// opens costs one call instead of eight.

#pragma once

#include "api/hub.h"
#include "api/router.h"
#include "base/clock.h"

namespace gk::server {

/// Adds GET /overview: the bodies of other GET routes under their names. A part is null when the
/// caller has no scope for it, or when it failed: its own route then says why.
/// Requires: called after all rooms have added their routes and topics.
void add_overview_route(api::Router& router, const api::Hub& hub, const Clock& clock);

}  // namespace gk::server
