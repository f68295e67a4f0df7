// routes_detail.h: the parts of this room's routes. Inside the room only.

#pragma once

#include "macros/scripts/routes.h"

namespace gk::macros {

void add_script_schemas(api::Router& router);
/// GET /macro-scripts/{name}/log, which can wait for the next line.
void add_script_log_route(api::Router& router, const ScriptServices& services);

}  // namespace gk::macros
