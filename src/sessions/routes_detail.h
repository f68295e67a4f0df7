// routes_detail.h: the parts of the route table; used by routes*.cc only.

#pragma once

#include "api/router.h"
#include "sessions/command_service.h"
#include "sessions/session_service.h"

namespace gk::sessions {

/// 400 with every complaint.
inline api::Problem invalid(std::vector<std::pair<std::string, std::string>> errors) {
  return api::invalid_request(std::move(errors));
}

inline Asker asker_of(const api::Call& call) {
  return {call.principal->name, call.principal->has_scope("macros:admin"), call.principal->role,
          call.principal->has_scope("games:write"), call.correlation_id};
}

/// Answers with the JSON or the error.
inline SessionService::Done answer(const api::Reply& reply, int status = 200) {
  return [reply, status](const Result<std::string>& json) {
    if (!json) return reply.error(json.error());
    reply.json(*json, status);
  };
}

void add_session_schemas(api::Router& router);
void add_mode_routes(api::Router& router, SessionService& sessions);
void add_command_routes(api::Router& router, CommandService& commands);

}  // namespace gk::sessions
