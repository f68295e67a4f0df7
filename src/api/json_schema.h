// json_schema.h: named schemas (router.h) as JSON Schema 2020-12, which OpenAPI 3.1 and AsyncAPI 3
// both use.

#pragma once

#include "api/router.h"
#include "base/json_writer.h"

namespace gk::api {

/// Writes the member `"Name": {…}` of components/schemas. References are to components/schemas.
void write_schema(JsonWriter& w, const Schema& schema);

}  // namespace gk::api
