// routes_detail.h: what the route files of this room share. Not for other rooms.

#pragma once

#include <optional>
#include <string>

#include "accounts/service.h"
#include "api/router.h"

namespace gk::accounts {

Visitor visitor_of(const api::Call& call);
/// Requires: the route is not open, so there is a principal.
Caller caller_of(const api::Call& call);

/// The faults that `reader` found, as a problem; nullopt when there are none.
std::optional<api::Problem> problem_of(const JsonReader& reader);

/// 204, or the problem.
inline void answer_empty(const api::Reply& reply, const Outcome<Success>& outcome) {
  if (const auto* problem = std::get_if<api::Problem>(&outcome)) return reply.problem(*problem);
  net::Response response;
  response.status = 204;
  reply.response(std::move(response));
}

void add_auth_routes(api::Router& router, AccountsService& service);
void add_user_routes(api::Router& router, AccountsService& service);

}  // namespace gk::accounts
