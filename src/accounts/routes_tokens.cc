// /auth/tokens and /users/{id}/tokens: API tokens.

#include "accounts/routes_detail.h"
#include "accounts/rules/api_token.h"
#include "base/clock.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kMaxScopes = 64;  // Source: chosen; the service says how many are allowed

void write_token(JsonWriter& w, const ApiTokenRecord& token) {
  w.begin_object().field("id", token.id).field("user_id", token.user_id);
  w.field("name", token.name).key("scopes").begin_array();
  for (const std::string& scope : token.scopes) w.value(scope);
  w.end_array().field("created_at", token.created_at).field("expires_at", token.expires_at);
  w.field("last_used_at", token.last_used_at);
}

void list_tokens(const AccountsService& service, const std::string& user_id,
                 const api::Reply& reply) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("items").begin_array();
  for (const ApiTokenRecord& token : service.api_tokens().of_user(user_id)) {
    write_token(w, token);
    w.end_object();
  }
  w.end_array().key("next_cursor").null().end_object();
  reply.json(std::move(body));
}

void read_scopes(JsonReader& reader, std::vector<std::string>& out) {
  const JsonValue* list = reader.member("scopes");
  if (list == nullptr) return;
  if (!list->is_array() || list->as_array().size() > kMaxScopes) {
    return reader.complain("scopes", "expected an array of scopes");
  }
  for (const JsonValue& scope : list->as_array()) {
    if (!scope.is_string()) return reader.complain("scopes", "expected strings");
    out.push_back(scope.as_string());
  }
}

void read_expiry(JsonReader& reader, std::optional<WallTime>& out) {
  std::string text;
  reader.string("expires_at", text, 64);
  if (text.empty()) return;
  const auto time = parse_rfc3339(text);
  if (!time) return reader.complain("expires_at", time.error().message);
  out = *time;
}

void create_token(AccountsService& service, api::Call& call, const std::string& user_id,
                  const api::Reply& reply) {
  NewApiToken token;
  JsonReader reader(call.body, "");
  reader.string("name", token.name, kMaxTokenNameBytes);
  read_scopes(reader, token.scopes);
  read_expiry(reader, token.expires_at);
  for (const auto* key : {"name", "scopes"}) reader.require(key);
  reader.refuse_unknown();
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  service.create_api_token(caller_of(call), user_id, std::move(token),
                           [reply](const auto& outcome) {
                             if (const auto* problem = std::get_if<api::Problem>(&outcome))
                               return reply.problem(*problem);
                             const auto& made = std::get<MadeApiToken>(outcome);
                             std::string body;
                             JsonWriter w(body);
                             write_token(w, made.record);
                             w.field("token", made.token).end_object();
                             reply.json(std::move(body), 201);
                           });
}

void add_schemas(api::Router& router) {
  router.add_schema({"ApiToken",
                     {{"id", "string", "", true},
                      {"user_id", "string", "Whose it is", true},
                      {"name", "string", "A label for people", true},
                      {"scopes", "string[]", "At most; what the owner loses it loses too", true},
                      {"created_at", "time", "", true},
                      {"expires_at", "time", "Null: never", true, true},
                      {"last_used_at", "time", "To a minute; null: never", true, true},
                      {"token", "string", "In the answer that made it, never again", false}}});
  router.add_schema({"ApiTokenList",
                     {{"items", "#ApiToken[]", "Newest first", true},
                      {"next_cursor", "string", "", true, true}}});
  router.add_schema({"ApiTokenCreate",
                     {{"name", "string", "1 to 100 bytes", true},
                      {"scopes", "string[]", "Held by the owner and by oneself", true},
                      {"expires_at", "time", "Null: never", false, true}}});
}

void add_own(api::Router& router, AccountsService& service) {
  router.add({.method = net::Method::get,
              .path = "/auth/tokens",
              .scope = api::kSession,
              .summary = "One's own API tokens",
              .request = {},
              .response = "ApiTokenList",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                list_tokens(service, call.principal->user_id, reply);
              }});
  router
      .add({.method = net::Method::post,
            .path = "/auth/tokens",
            .scope = api::kSession,
            .summary = "Make an API token; its text is in this answer only",
            .request = "ApiTokenCreate",
            .response = "ApiToken",
            .handler =
                [&service](api::Call& call, const api::Reply& reply) {
                  create_token(service, call, call.principal->user_id, reply);
                }})
      .answers({201});
  router
      .add({.method = net::Method::del,
            .path = "/auth/tokens/{id}",
            .scope = api::kSession,
            .summary = "Revoke an API token: one's own, or with users:write anyone's",
            .request = {},
            .response = {},
            .handler =
                [&service](api::Call& call, const api::Reply& reply) {
                  service.revoke_api_token(
                      caller_of(call), call.param("id"),
                      [reply](const auto& outcome) { answer_empty(reply, outcome); });
                }})
      .answers({204});
}

}  // namespace

void add_token_routes(api::Router& router, AccountsService& service) {
  add_schemas(router);
  add_own(router, service);
  router.add({.method = net::Method::get,
              .path = "/users/{id}/tokens",
              .scope = "users:read",
              .summary = "A user's API tokens",
              .request = {},
              .response = "ApiTokenList",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                if (service.users().by_id(call.param("id")) == nullptr) {
                  return reply.problem(not_found("there is no such user"));
                }
                list_tokens(service, call.param("id"), reply);
              }});
  router
      .add({.method = net::Method::post,
            .path = "/users/{id}/tokens",
            .scope = "users:write",
            .summary = "Make an API token for a user, such as a game server's",
            .request = "ApiTokenCreate",
            .response = "ApiToken",
            .handler =
                [&service](api::Call& call, const api::Reply& reply) {
                  create_token(service, call, call.param("id"), reply);
                }})
      .answers({201});
}

}  // namespace gk::accounts
