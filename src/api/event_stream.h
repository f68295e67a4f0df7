// event_stream.h: GET /events, the twin of the WebSocket as server-sent events: for curl, and for
// clients that only listen.

#pragma once

#include "api/hub.h"
#include "api/router.h"

namespace gk::api {

/// Adds GET /events?topics=a,b&since=…. Requires: `hub` outlives `router`; all topics are added
/// before the first request.
void add_event_stream_route(Router& router, Hub& hub);

}  // namespace gk::api
