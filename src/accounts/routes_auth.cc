// /setup and /auth/…: becoming somebody, and looking after one's own sessions and password.

#include <algorithm>

#include "accounts/routes_detail.h"
#include "accounts/rules/password_policy.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kMaxName = 256;  // Source: chosen; the username rule says what is wrong

void write_holder(JsonWriter& w, const api::Principal& principal) {
  w.begin_object().key("id");
  if (principal.user_id.empty()) {
    w.null();
  } else {
    w.value(principal.user_id);
  }
  w.field("username", principal.name).field("role", principal.role).key("scopes").begin_array();
  for (const std::string& scope : principal.scopes) w.value(scope);
  w.end_array().end_object();
}

std::string host_of(const net::Request& request) {
  const std::string* host = request.header("host");
  return host == nullptr ? std::string() : *host;
}

/// The answer of log-in and setup: the cookie, and who one is now.
void answer_session(const AccountsOptions& options, const std::string& host, int status,
                    const api::Reply& reply, const Outcome<NewSession>& outcome) {
  if (const auto* problem = std::get_if<api::Problem>(&outcome)) return reply.problem(*problem);
  const auto& session = std::get<NewSession>(outcome);
  net::Response response;
  response.status = status;
  response.headers.emplace_back("Set-Cookie",
                                session_cookie(options.transport, host, session.token));
  JsonWriter w(response.body);
  w.begin_object().key("user");
  write_holder(w, *session.principal);
  w.field("expires_at", session.expires_at).end_object();
  reply.response(std::move(response));
}

void write_session(JsonWriter& w, const SessionRecord& session, const SessionLimits& limits,
                   std::string_view current) {
  const auto lifetime = std::chrono::duration_cast<Micros>(limits.absolute);
  w.begin_object().field("id", session.id).field("created_at", session.times.created_wall);
  w.field("last_seen_at", session.times.seen_wall);
  w.field("expires_at", session.times.created_wall + lifetime);
  w.field("address", session.address).field("user_agent", session.user_agent);
  w.field("current", session.id == current).end_object();
}

void set_up(AccountsService& service, api::Call& call, const api::Reply& reply) {
  std::string code;
  NewUser admin;
  JsonReader reader(call.body, "");
  reader.string("code", code, kMaxName);
  reader.string("username", admin.username, kMaxName);
  reader.string("password", admin.password, kMaxPasswordBytes);
  for (const auto* key : {"code", "username", "password"}) reader.require(key);
  reader.refuse_unknown();
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  service.set_up(code, std::move(admin), visitor_of(call),
                 [&service, reply, host = host_of(call.request)](const auto& outcome) {
                   answer_session(service.options(), host, 201, reply, outcome);
                 });
}

void log_in(AccountsService& service, api::Call& call, const api::Reply& reply) {
  std::string username;
  std::string password;
  JsonReader reader(call.body, "");
  reader.string("username", username, kMaxName);
  reader.string("password", password, kMaxPasswordBytes);
  for (const auto* key : {"username", "password"}) reader.require(key);
  reader.refuse_unknown();
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  service.log_in(username, std::move(password), visitor_of(call),
                 [&service, reply, host = host_of(call.request)](const auto& outcome) {
                   answer_session(service.options(), host, 200, reply, outcome);
                 });
}

void log_out(AccountsService& service, api::Call& call, const api::Reply& reply) {
  const Caller caller = caller_of(call);
  if (caller.principal.session_id.empty()) return answer_empty(reply, Success{});
  service.end_session(caller, caller.principal.session_id,
                      [&service, reply, host = host_of(call.request)](const auto& outcome) {
                        if (std::holds_alternative<api::Problem>(outcome)) {
                          return answer_empty(reply, outcome);
                        }
                        net::Response response;
                        response.status = 204;
                        response.headers.emplace_back(
                            "Set-Cookie", cleared_cookie(service.options().transport, host));
                        reply.response(std::move(response));
                      });
}

void profile(AccountsService& service, api::Call& call, const api::Reply& reply) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("user");
  write_holder(w, *call.principal);
  w.key("session");
  const std::string& id = call.principal->session_id;
  if (const SessionRecord* session = service.sessions().find(id)) {
    write_session(w, *session, service.options().session, id);
  } else {
    w.null();
  }
  w.end_object();
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

void list_sessions(AccountsService& service, api::Call& call, const api::Reply& reply) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("items").begin_array();
  for (const SessionRecord& session : service.sessions().of_user(call.principal->user_id)) {
    write_session(w, session, service.options().session, call.principal->session_id);
  }
  w.end_array().key("next_cursor").null().end_object();
  reply.json(std::move(body));
}

void add_setup_routes(api::Router& router, AccountsService& service) {
  router.add_schema({"SetupState", {{"needed", "boolean", "No administrator exists yet", true}}});
  router.add_schema({"SetupRequest",
                     {{"code", "string", "From the daemon's start or its file setup-code", true},
                      {"username", "string", "[a-z0-9_.-]{1,64}, not case-sensitive", true},
                      {"password", "string", "At least 12 characters", true}}});
  router.add({.method = net::Method::get,
              .path = "/setup",
              .scope = api::kOpen,
              .summary = "Whether the first administrator is still to be made",
              .request = {},
              .response = "SetupState",
              .handler =
                  [&service](api::Call&, const api::Reply& reply) {
                    reply.json(service.is_set_up() ? R"({"needed":false})" : R"({"needed":true})");
                  },
              .no_setup_needed = true});
  router.add({.method = net::Method::post,
              .path = "/setup",
              .scope = api::kOpen,
              .summary = "Make the first administrator with the one-time code",
              .request = "SetupRequest",
              .response = "LoginAnswer",
              .handler = [&service](api::Call& call,
                                    const api::Reply& reply) { set_up(service, call, reply); },
              .no_setup_needed = true});
}

void add_login_routes(api::Router& router, AccountsService& service) {
  router.add_schema(
      {"LoginRequest", {{"username", "string", "", true}, {"password", "string", "", true}}});
  router.add_schema({"LoginAnswer",
                     {{"user", "#AccountsHolder", "", true},
                      {"expires_at", "string", "RFC 3339; earlier after 30 min unused", true}}});
  router.add_schema({"Profile",
                     {{"user", "#AccountsHolder", "", true},
                      {"session", "#Session", "Null for the local admin", true, true}}});
  router.add({.method = net::Method::post,
              .path = "/auth/login",
              .scope = api::kOpen,
              .summary = "Open a session; the answer sets its cookie",
              .request = "LoginRequest",
              .response = "LoginAnswer",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                log_in(service, call, reply);
              }});
  router.add({.method = net::Method::post,
              .path = "/auth/logout",
              .scope = api::kAnyone,
              .summary = "End the session of this request",
              .request = {},
              .response = {},
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                log_out(service, call, reply);
              }});
  router.add({.method = net::Method::get,
              .path = "/auth/profile",
              .scope = api::kAnyone,
              .summary = "Who one is, and the session of this request",
              .request = {},
              .response = "Profile",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                profile(service, call, reply);
              }});
}

void add_session_routes(api::Router& router, AccountsService& service) {
  router.add_schema({"Session",
                     {{"id", "string", "", true},
                      {"created_at", "string", "RFC 3339", true},
                      {"last_seen_at", "string", "RFC 3339", true},
                      {"expires_at", "string", "RFC 3339", true},
                      {"address", "string", "Where the log-in came from", true},
                      {"user_agent", "string", "", true},
                      {"current", "boolean", "The session of this request", true}}});
  router.add_schema(
      {"SessionList",
       {{"items", "#Session[]", "Newest first", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema({"PasswordChange",
                     {{"current_password", "string", "", true},
                      {"new_password", "string", "At least 12 characters", true}}});
  router.add({.method = net::Method::post,
              .path = "/auth/password",
              .scope = api::kAnyone,
              .summary = "Change one's own password; ends one's other sessions",
              .request = "PasswordChange",
              .response = {},
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                change_password(service, call, reply);
              }});
  router.add({.method = net::Method::get,
              .path = "/auth/sessions",
              .scope = api::kAnyone,
              .summary = "One's own sessions",
              .request = {},
              .response = "SessionList",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                list_sessions(service, call, reply);
              }});
  router.add({.method = net::Method::del,
              .path = "/auth/sessions/{id}",
              .scope = api::kAnyone,
              .summary = "End a session: one's own, or with users:write anyone's",
              .request = {},
              .response = {},
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                service.end_session(caller_of(call), call.param("id"),
                                    [reply](const auto& outcome) { answer_empty(reply, outcome); });
              }});
}

}  // namespace

void add_auth_routes(api::Router& router, AccountsService& service) {
  add_setup_routes(router, service);
  add_login_routes(router, service);
  add_session_routes(router, service);
}

}  // namespace gk::accounts
