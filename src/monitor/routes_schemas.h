// routes_schemas.h: the shapes of what routes.h answers, for OpenAPI and AsyncAPI.

#pragma once

#include "api/router.h"

namespace gk::monitor {

void add_monitor_schemas(api::Router& router);

}  // namespace gk::monitor
