// /setup and /auth/{login,refresh,logout,verify}: becoming somebody, and ceasing to be.

#include "accounts/routes_detail.h"
#include "accounts/rules/password_policy.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kMaxName = 256;        // Source: chosen; the username rule says what is wrong
constexpr std::size_t kMaxCode = 64;         // Source: chosen; a recovery code is 19 characters
constexpr std::size_t kMaxToken = 6 * 1024;  // Source: kMaxAccessTokenBytes

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
  LogIn login;
  bool tokens = false;
  JsonReader reader(call.body, "");
  reader.string("username", login.username, kMaxName);
  reader.string("password", login.password, kMaxPasswordBytes);
  reader.string("code", login.code, kMaxCode);
  reader.boolean("token", tokens);
  for (const auto* key : {"username", "password"}) reader.require(key);
  reader.refuse_unknown();
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  login.kind = tokens ? SessionKind::tokens : SessionKind::cookie;
  service.log_in(std::move(login), visitor_of(call),
                 [&service, reply, host = host_of(call.request)](const auto& outcome) {
                   answer_session(service.options(), host, 200, reply, outcome);
                 });
}

void refresh(AccountsService& service, api::Call& call, const api::Reply& reply) {
  std::string token;
  JsonReader reader(call.body, "");
  reader.string("refresh_token", token, kMaxToken);
  reader.require("refresh_token");
  reader.refuse_unknown();
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  service.refresh(token, visitor_of(call),
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

void write_verdict(const api::Principal& principal, const api::Reply& reply) {
  static constexpr const char* kKinds[] = {"local_admin", "cookie", "access_token", "api_token"};
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("active", true);
  w.field("held_by", kKinds[static_cast<std::size_t>(principal.kind)]).key("user");
  write_holder(w, principal);
  w.end_object();
  reply.json(std::move(body));
}

/// For a service that was handed a token by somebody else; no reason is given when it is not valid.
void verify(AccountsService& service, api::Call& call, const api::Reply& reply) {
  std::string token;
  JsonReader reader(call.body, "");
  reader.string("token", token, kMaxToken);
  reader.require("token");
  reader.refuse_unknown();
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  const auto holder = service.authenticate_token(token);
  if (!holder) return reply.json(R"({"active":false})");
  write_verdict(**holder, reply);
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
  router
      .add({.method = net::Method::post,
            .path = "/setup",
            .scope = api::kOpen,
            .summary = "Make the first administrator with the one-time code",
            .request = "SetupRequest",
            .response = "LoginAnswer",
            .handler = [&service](api::Call& call,
                                  const api::Reply& reply) { set_up(service, call, reply); },
            .no_setup_needed = true})
      .answers({201});
}

void add_login_schemas(api::Router& router) {
  router.add_schema(
      {"LoginRequest",
       {{"username", "string", "", true},
        {"password", "string", "", true},
        {"code", "string", "Of the second factor, or a recovery code, where one is in use", false},
        {"token", "boolean", "True: answer tokens instead of setting a cookie", false}}});
  router.add_schema({"RefreshRequest", {{"refresh_token", "string", "Used up by this", true}}});
  router.add_schema({"VerifyRequest", {{"token", "string", "An access or API token", true}}});
  router.add_schema(
      {"LoginAnswer",
       {{"user", "#AccountsHolder", "", true},
        {"expires_at", "string", "RFC 3339; earlier after 30 min unused (tokens: a week)", true},
        {"session_id", "string", "With token: true, as all below", false},
        {"token_type", "string", "Bearer", false},
        {"access_token", "string", "For the Authorization header", false},
        {"access_expires_at", "time", "", false},
        {"expires_in_s", "integer", "Of the access token", false},
        {"refresh_token", "string", "For auth/refresh, once", false}}});
  router.add_schema({"TokenVerdict",
                     {{"active", "boolean", "The credential is valid now", true},
                      {"held_by", "local_admin|cookie|access_token|api_token", "", false},
                      {"user", "#AccountsHolder", "Scopes are those of the credential", false}}});
}

void add_login_routes(api::Router& router, AccountsService& service) {
  router.add({.method = net::Method::post,
              .path = "/auth/login",
              .scope = api::kOpen,
              .summary = "Open a session; the answer sets its cookie, or holds tokens",
              .request = "LoginRequest",
              .response = "LoginAnswer",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                log_in(service, call, reply);
              }});
  router.add(
      {.method = net::Method::post,
       .path = "/auth/refresh",
       .scope = api::kOpen,
       .summary = "Exchange a refresh token for the next pair; a second use ends the session",
       .request = "RefreshRequest",
       .response = "LoginAnswer",
       .handler = [&service](api::Call& call, const api::Reply& reply) {
         refresh(service, call, reply);
       }});
  router
      .add({.method = net::Method::post,
            .path = "/auth/logout",
            .scope = api::kSession,
            .summary = "End the session of this request",
            .request = {},
            .response = {},
            .handler = [&service](api::Call& call,
                                  const api::Reply& reply) { log_out(service, call, reply); }})
      .answers({204});
  router.add({.method = net::Method::get,
              .path = "/auth/verify",
              .scope = api::kAnyone,
              .summary = "Whether the credential of this request is valid",
              .request = {},
              .response = "TokenVerdict",
              .handler = [](api::Call& call, const api::Reply& reply) {
                write_verdict(*call.principal, reply);
              }});
  router.add({.method = net::Method::post,
              .path = "/auth/verify",
              .scope = api::kOpen,
              .summary = "Whether a token is valid, for a service that was handed it",
              .request = "VerifyRequest",
              .response = "TokenVerdict",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                verify(service, call, reply);
              }});
}

}  // namespace

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

void answer_session(const AccountsOptions& options, const std::string& host, int status,
                    const api::Reply& reply, const Outcome<NewSession>& outcome) {
  if (const auto* problem = std::get_if<api::Problem>(&outcome)) return reply.problem(*problem);
  const auto& session = std::get<NewSession>(outcome);
  net::Response response;
  response.status = status;
  JsonWriter w(response.body);
  w.begin_object().key("user");
  write_holder(w, *session.principal);
  w.field("expires_at", session.expires_at);
  if (session.tokens) {
    w.field("session_id", session.principal->session_id).field("token_type", "Bearer");
    w.field("access_token", session.tokens->access_token);
    w.field("access_expires_at", session.tokens->access_expires_at);
    w.field("expires_in_s", kAccessTokenLifetimeS);
    w.field("refresh_token", session.tokens->refresh_token);
  } else {
    response.headers.emplace_back("Set-Cookie",
                                  session_cookie(options.transport, host, session.token));
  }
  w.end_object();
  reply.response(std::move(response));
}

void add_auth_routes(api::Router& router, AccountsService& service) {
  add_setup_routes(router, service);
  add_login_schemas(router);
  add_login_routes(router, service);
}

}  // namespace gk::accounts
