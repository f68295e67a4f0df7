// routes_detail.h: the parts of the route table; used by routes*.cc only.

#pragma once

#include "api/router.h"
#include "base/clock.h"
#include "macros/profile_book.h"

namespace gk::macros {

/// 400 with every complaint.
inline api::Problem invalid(std::vector<std::pair<std::string, std::string>> errors) {
  return api::invalid_request(std::move(errors));
}

void add_macros_schemas(api::Router& router);
void add_profile_routes(api::Router& router, ProfileBook& profiles, const Clock& clock);

}  // namespace gk::macros
