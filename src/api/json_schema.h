// json_schema.h: named schemas (router.h) as JSON Schema 2020-12, which OpenAPI 3.1 and AsyncAPI 3
// both use.

#pragma once

#include "api/router.h"
#include "base/json_writer.h"

namespace gk::api {

/// Writes the member `"Name": {…}` of components/schemas. References are to components/schemas.
void write_schema(JsonWriter& w, const Schema& schema);

/// Writes the members of the schema of one field's type (Field::type) into an open object.
void write_type(JsonWriter& w, std::string_view type, bool nullable);

}  // namespace gk::api
