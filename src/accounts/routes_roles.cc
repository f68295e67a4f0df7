// /roles: the built-in roles, and those that an installation adds.

#include <algorithm>

#include "accounts/routes_detail.h"
#include "accounts/rules/roles.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kMaxScopes = 64;  // Source: chosen; the service says how many are allowed

void write_role(JsonWriter& w, const std::string& name, const std::vector<std::string>& scopes) {
  const auto& builtin = builtin_roles();
  const bool is_builtin =
      std::any_of(builtin.begin(), builtin.end(), [&](const auto& r) { return r.name == name; });
  w.begin_object().field("name", name).field("builtin", is_builtin).key("scopes").begin_array();
  for (const std::string& scope : scopes) w.value(scope);
  w.end_array().end_object();
}

void list(const AccountsService& service, const api::Reply& reply) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("items").begin_array();
  for (const auto& [name, scopes] : service.users().roles()) write_role(w, name, scopes);
  w.end_array().key("next_cursor").null().end_object();
  reply.json(std::move(body));
}

void one(const AccountsService& service, const std::string& name, const api::Reply& reply) {
  const auto* scopes = service.users().scopes_of(name);
  if (scopes == nullptr) return reply.error({Errc::not_found, "there is no role " + name});
  std::string body;
  JsonWriter w(body);
  write_role(w, name, *scopes);
  reply.json(std::move(body));
}

void put(AccountsService& service, api::Call& call, const api::Reply& reply) {
  std::vector<std::string> scopes;
  JsonReader reader(call.body, "");
  const JsonValue* list = reader.member("scopes");
  reader.require("scopes");
  reader.refuse_unknown();
  const bool fits = list != nullptr && list->is_array() && list->as_array().size() <= kMaxScopes;
  if (list != nullptr && !fits) reader.complain("scopes", "expected an array of scopes");
  for (std::size_t i = 0; fits && i < list->as_array().size(); ++i) {
    const JsonValue& scope = list->as_array()[i];
    if (!scope.is_string()) {
      reader.complain("scopes", "expected strings");
      break;
    }
    scopes.push_back(scope.as_string());
  }
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  const std::string name = call.param("name");
  service.set_role(caller_of(call), name, std::move(scopes),
                   [&service, reply, name](const auto& outcome) {
                     if (const auto* problem = std::get_if<api::Problem>(&outcome))
                       return reply.problem(*problem);
                     one(service, name, reply);
                   });
}

}  // namespace

void add_role_routes(api::Router& router, AccountsService& service) {
  router.add_schema({"Role",
                     {{"name", "string", "[a-z0-9_-]{1,64}", true},
                      {"builtin", "boolean", "Cannot be changed", true},
                      {"scopes", "string[]", "resource:verb, or * for all", true}}});
  router.add_schema(
      {"RoleList",
       {{"items", "#Role[]", "By name", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema({"RolePut", {{"scopes", "string[]", "1 to 48, held by oneself", true}}});
  router.add(
      {.method = net::Method::get,
       .path = "/roles",
       .scope = "users:read",
       .summary = "All roles with their scopes",
       .request = {},
       .response = "RoleList",
       .handler = [&service](api::Call&, const api::Reply& reply) { list(service, reply); }});
  router.add(
      {.method = net::Method::get,
       .path = "/roles/{name}",
       .scope = "users:read",
       .summary = "One role",
       .request = {},
       .response = "Role",
       .handler = [&service](api::Call& call,
                             const api::Reply& reply) { one(service, call.param("name"), reply); },
       .versions = api::Versions::optional});
  router.add({.method = net::Method::put,
              .path = "/roles/{name}",
              .scope = "users:write",
              .summary = "Make or change a role; its users may do more or less at once",
              .request = "RolePut",
              .response = "Role",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                put(service, call, reply);
              }});
  router
      .add({.method = net::Method::del,
            .path = "/roles/{name}",
            .scope = "users:write",
            .summary = "Delete a role that nobody has",
            .request = {},
            .response = {},
            .handler =
                [&service](api::Call& call, const api::Reply& reply) {
                  service.delete_role(
                      caller_of(call), call.param("name"),
                      [reply](const auto& outcome) { answer_empty(reply, outcome); });
                }})
      .answers({204});
}

}  // namespace gk::accounts
