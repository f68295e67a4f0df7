// routes_detail.h: the parts of the route table; used by routes*.cc only.

#pragma once

#include <charconv>
#include <optional>

#include "api/router.h"
#include "arbiter/operations/task_graph_input.h"

namespace gk::arbiter {

/// 400 with every complaint.
inline api::Problem invalid(Complaints errors) { return api::invalid_request(std::move(errors)); }

/// `limit` of a list; nothing when it is out of range.
inline std::optional<std::size_t> limit_of(const net::Request& request) {
  const auto text = request.query_param("limit");
  if (!text) return 100;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 || limit > 1000) {
    return std::nullopt;
  }
  return limit;
}

inline api::Problem bad_limit() {
  return invalid({{"limit", "expected a whole number from 1 to 1000"}});
}

void add_operation_schemas(api::Router& router);
void add_task_schemas(api::Router& router);

}  // namespace gk::arbiter
