// /auth/{profile,sessions,password}: looking after one's own sessions and password.

#include "accounts/routes_detail.h"
#include "accounts/rules/password_policy.h"

namespace gk::accounts {
namespace {

void write_session(JsonWriter& w, const SessionRecord& session, const AccountsOptions& options,
                   std::string_view current) {
  const bool tokens = session.kind == SessionKind::tokens;
  const auto& limits = tokens ? options.token_session : options.session;
  const auto lifetime = std::chrono::duration_cast<Micros>(limits.absolute);
  w.begin_object().field("id", session.id).field("created_at", session.times.created_wall);
  w.field("last_seen_at", session.times.seen_wall);
  w.field("expires_at", session.times.created_wall + lifetime);
  w.field("held_by", tokens ? "tokens" : "cookie");
  w.field("address", session.address).field("user_agent", session.user_agent);
  w.field("current", session.id == current).end_object();
}

void profile(AccountsService& service, api::Call& call, const api::Reply& reply) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("user");
  write_holder(w, *call.principal);
  w.key("session");
  const std::string& id = call.principal->session_id;
  if (const SessionRecord* session = service.sessions().find(id)) {
    write_session(w, *session, service.options(), id);
  } else {
    w.null();
  }
  const SecondFactor* factor = service.second_factor(call.principal->user_id);
  w.field("second_factor", factor != nullptr && factor->confirmed).end_object();
  reply.json(std::move(body));
}

void change_password(AccountsService& service, api::Call& call, const api::Reply& reply) {
  std::string current;
  std::string next;
  JsonReader reader(call.body, "");
  reader.string("current_password", current, kMaxPasswordBytes);
  reader.string("new_password", next, kMaxPasswordBytes);
  for (const auto* key : {"current_password", "new_password"}) reader.require(key);
  reader.refuse_unknown();
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  service.change_password(caller_of(call), std::move(current), std::move(next), visitor_of(call),
                          [reply](const auto& outcome) { answer_empty(reply, outcome); });
}

void list_sessions(AccountsService& service, const api::Call& call, const std::string& user_id,
                   const api::Reply& reply) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("items").begin_array();
  for (const SessionRecord& session : service.sessions().of_user(user_id)) {
    write_session(w, session, service.options(), call.principal->session_id);
  }
  w.end_array().key("next_cursor").null().end_object();
  reply.json(std::move(body));
}

void add_list_routes(api::Router& router, AccountsService& service) {
  router.add({.method = net::Method::get,
              .path = "/auth/sessions",
              .scope = api::kSession,
              .summary = "One's own sessions",
              .request = {},
              .response = "SessionList",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                list_sessions(service, call, call.principal->user_id, reply);
              }});
  router.add({.method = net::Method::get,
              .path = "/users/{id}/sessions",
              .scope = "users:read",
              .summary = "A user's sessions; DELETE /auth/sessions/{id} ends one",
              .request = {},
              .response = "SessionList",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                if (service.users().by_id(call.param("id")) == nullptr) {
                  return reply.problem(not_found("there is no such user"));
                }
                list_sessions(service, call, call.param("id"), reply);
              }});
  router
      .add({.method = net::Method::del,
            .path = "/auth/sessions/{id}",
            .scope = api::kSession,
            .summary = "End a session: one's own, or with users:write anyone's",
            .request = {},
            .response = {},
            .handler =
                [&service](api::Call& call, const api::Reply& reply) {
                  service.end_session(
                      caller_of(call), call.param("id"),
                      [reply](const auto& outcome) { answer_empty(reply, outcome); });
                }})
      .answers({204});
}

}  // namespace

void add_session_routes(api::Router& router, AccountsService& service) {
  router.add_schema(
      {"Profile",
       {{"user", "#AccountsHolder", "", true},
        {"session", "#Session", "Null for the local admin and API tokens", true, true},
        {"second_factor", "boolean", "Asked for at log-in", true}}});
  router.add({.method = net::Method::get,
              .path = "/auth/profile",
              .scope = api::kAnyone,
              .summary = "Who one is, and the session of this request",
              .request = {},
              .response = "Profile",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                profile(service, call, reply);
              }});
  router.add_schema({"Session",
                     {{"id", "string", "", true},
                      {"created_at", "string", "RFC 3339", true},
                      {"last_seen_at", "string", "RFC 3339", true},
                      {"expires_at", "string", "RFC 3339", true},
                      {"held_by", "cookie|tokens", "A browser or an API client", true},
                      {"address", "string", "Where the log-in came from", true},
                      {"user_agent", "string", "", true},
                      {"current", "boolean", "The session of this request", true}}});
  router.add_schema(
      {"SessionList",
       {{"items", "#Session[]", "Newest first", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema({"PasswordChange",
                     {{"current_password", "string", "", true},
                      {"new_password", "string", "At least 12 characters", true}}});
  router
      .add({.method = net::Method::post,
            .path = "/auth/password",
            .scope = api::kSession,
            .summary = "Change one's own password; ends one's other sessions",
            .request = "PasswordChange",
            .response = {},
            .handler = [&service](
                           api::Call& call,
                           const api::Reply& reply) { change_password(service, call, reply); }})
      .answers({204});
  add_list_routes(router, service);
}

}  // namespace gk::accounts
