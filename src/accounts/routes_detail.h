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

/// The version that If-Match asks for; nothing without one; -1, which nothing has, when it is not
/// one of our tags.
std::optional<std::int64_t> wanted_version(const net::Request& request);
/// ?limit=, 1 to 1000, 100 without one; nothing when it is something else.
std::optional<std::size_t> page_size(const net::Request& request);

/// {id, username, role, scopes}; id null for the local admin.
void write_holder(JsonWriter& w, const api::Principal& principal);
/// The answer of log-in, setup and refresh: who one is now, and the cookie or the tokens.
void answer_session(const AccountsOptions& options, const std::string& host, int status,
                    const api::Reply& reply, const Outcome<NewSession>& outcome);
std::string host_of(const net::Request& request);

void add_auth_routes(api::Router& router, AccountsService& service);
void add_session_routes(api::Router& router, AccountsService& service);
void add_token_routes(api::Router& router, AccountsService& service);
void add_second_factor_routes(api::Router& router, AccountsService& service);
void add_preferences_routes(api::Router& router, AccountsService& service);
void add_user_routes(api::Router& router, AccountsService& service);
void add_role_routes(api::Router& router, AccountsService& service);
void add_audit_routes(api::Router& router, AccountsService& service);

}  // namespace gk::accounts
