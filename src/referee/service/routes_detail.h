// routes_detail.h: the parts of the route table; used by routes*.cc only.

#pragma once

#include <optional>
#include <string>

#include "api/router.h"
#include "referee/service/rest_bodies.h"
#include "referee/service/service.h"

namespace gk::referee {

/// 400 with every complaint.
inline api::Problem invalid(Complaints errors) { return api::invalid_request(std::move(errors)); }

/// ?limit= from 1 to 1000, 100 when absent; nothing when it is wrong.
std::optional<std::size_t> page_limit(const net::Request& request);

/// Answers with JSON made on the judge's thread.
inline void answer_from_judge(RefereeService& service, const api::Reply& reply,
                              std::function<Result<std::string>(Bench&, Now)> make) {
  service.ask<Result<std::string>>(std::move(make), [reply](Result<Result<std::string>> made) {
    if (!made) return reply.error(made.error());
    if (!*made) return reply.error(made->error());
    reply.json(std::move(**made));
  });
}

void add_schemas(api::Router& router);
void add_judging_routes(api::Router& router, RefereeService& service);
void add_view_routes(api::Router& router, RefereeService& service);
void add_option_routes(api::Router& router, RefereeService& service);
void add_review_routes(api::Router& router, RefereeService& service);
void add_admin_routes(api::Router& router, RefereeService& service);

}  // namespace gk::referee
