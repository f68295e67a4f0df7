// asyncapi.h: the AsyncAPI 3.0 document of the WebSocket, from the topic registry and the schemas.
// docs/asyncapi.json is its committed copy; a test compares them.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/hub.h"
#include "api/router.h"

namespace gk::api {

/// Requires: every schema that a topic names is in `schemas` (assert).
/// Shape: one JSON document; topics in the order of their names.
std::string asyncapi_document(const std::vector<TopicInfo>& topics,
                              const std::vector<Schema>& schemas, std::string_view version);

/// What a message of the client with this op may hold, "op" first. Empty: there is no such op.
std::vector<std::string_view> op_members(std::string_view op);

}  // namespace gk::api
