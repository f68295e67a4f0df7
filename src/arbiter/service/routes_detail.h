// routes_detail.h: the parts of the route table; used by routes*.cc only.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/router.h"
#include "arbiter/service/lane_service.h"

namespace gk::arbiter {

/// 400 with every complaint.
inline api::Problem invalid(std::vector<std::pair<std::string, std::string>> errors) {
  return api::invalid_request(std::move(errors));
}

void add_lane_schemas(api::Router& router);
void add_lane_settings_routes(api::Router& router, LaneService& service);

}  // namespace gk::arbiter
