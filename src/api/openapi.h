// openapi.h: the OpenAPI 3.1 document, from the route table and its schemas. docs/openapi.json is
// its committed copy (a test compares them), and the dashboard's types are made from that.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/router.h"

namespace gk::api {

/// Requires: every schema that a route or field names is in `schemas` (assert).
/// Shape: one JSON document, stable order (paths by name, then method).
std::string openapi_document(const std::vector<Route>& routes, const std::vector<Schema>& schemas,
                             std::string_view version);

}  // namespace gk::api
