// /users/…: users as a resource, for who holds users:read and users:write.

#include "accounts/routes_detail.h"
#include "accounts/rules/password_policy.h"
#include "accounts/rules/username.h"
#include "api/list_page.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kMaxName = 256;  // Source: chosen; the username rule says what is wrong

void write_user(JsonWriter& w, const UserRecord& user) {
  w.begin_object().field("id", user.id).field("username", user.username);
  w.field("role", user.role).field("created_at", user.created_at);
  w.field("disabled", user.disabled).end_object();
}

void answer_user(const api::Reply& reply, int status, const Outcome<UserRecord>& outcome) {
  if (const auto* problem = std::get_if<api::Problem>(&outcome)) return reply.problem(*problem);
  const auto& user = std::get<UserRecord>(outcome);
  net::Response response;
  response.status = status;
  response.headers.emplace_back("ETag", '"' + std::to_string(user.version) + '"');
  JsonWriter w(response.body);
  write_user(w, user);
  reply.response(std::move(response));
}

/// ?username=: the one user of that name, or none.
void list_one(const AccountsService& service, const std::string& name, const api::Reply& reply) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("items").begin_array();
  const auto parsed = parse_username(name);
  const UserRecord* user = parsed ? service.users().by_name(*parsed) : nullptr;
  if (user != nullptr) write_user(w, *user);
  w.end_array().key("next_cursor").null().end_object();
  reply.json(std::move(body));
}

void list_users(const AccountsService& service, api::Call& call, const api::Reply& reply) {
  if (const auto name = call.request.query_param("username")) {
    return list_one(service, *name, reply);
  }
  const auto limit = page_size(call.request);
  if (!limit) return reply.problem(invalid_field("limit", "expected a number from 1 to 1000"));
  const auto after = api::read_cursor(call.request);
  if (!after) return reply.error(after.error());
  const auto page = service.users().page(*after, *limit + 1);
  const bool more = page.size() > *limit;
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("items").begin_array();
  for (std::size_t i = 0; i < page.size() && i < *limit; ++i) write_user(w, *page[i]);
  w.end_array().key("next_cursor");
  if (more) {
    w.value(api::seal_cursor(page[*limit - 1]->username));
  } else {
    w.null();
  }
  w.end_object();
  reply.json(std::move(body));
}

void get_user(const AccountsService& service, api::Call& call, const api::Reply& reply) {
  const UserRecord* user = service.users().by_id(call.param("id"));
  if (user == nullptr) return reply.problem(not_found("there is no such user"));
  answer_user(reply, 200, *user);
}

void create_user(AccountsService& service, api::Call& call, const api::Reply& reply) {
  NewUser user;
  JsonReader reader(call.body, "");
  reader.string("username", user.username, kMaxName);
  reader.string("password", user.password, kMaxPasswordBytes);
  reader.string("role", user.role, kMaxName);
  for (const auto* key : {"username", "password", "role"}) reader.require(key);
  reader.refuse_unknown();
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  service.create_user(caller_of(call), std::move(user),
                      [reply](const auto& outcome) { answer_user(reply, 201, outcome); });
}

void update_user(AccountsService& service, api::Call& call, const api::Reply& reply) {
  std::string role;
  std::string password;
  bool disabled = false;
  JsonReader reader(call.body, "");
  reader.string("role", role, kMaxName);
  reader.string("password", password, kMaxPasswordBytes);
  reader.boolean("disabled", disabled);
  reader.refuse_unknown();
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  const auto given = [&call](std::string_view key) {
    const JsonValue* value = call.body.find(key);
    return value != nullptr && !value->is_null();
  };
  UserPatch patch;
  if (given("role")) patch.role = std::move(role);
  if (given("disabled")) patch.disabled = disabled;
  if (given("password")) patch.password = std::move(password);
  service.update_user(caller_of(call), call.param("id"), std::move(patch),
                      wanted_version(call.request),
                      [reply](const auto& outcome) { answer_user(reply, 200, outcome); });
}

void reset_user(AccountsService& service, api::Call& call, const api::Reply& reply) {
  UserReset reset;
  JsonReader reader(call.body, "");
  reader.string("password", reset.password, kMaxPasswordBytes);
  reader.boolean("make_admin", reset.make_admin);
  reader.require("password");
  reader.refuse_unknown();
  if (const auto problem = problem_of(reader)) return reply.problem(*problem);
  service.reset_user(caller_of(call), call.param("id"), std::move(reset),
                     [reply](const auto& outcome) { answer_user(reply, 200, outcome); });
}

void add_schemas(api::Router& router) {
  router.add_schema({"UserReset",
                     {{"password", "string", "The new one, at least 12 characters", true},
                      {"make_admin", "boolean", "Give the role admin as well", false}}});
  router.add_schema({"User",
                     {{"id", "string", "", true},
                      {"username", "string", "", true},
                      {"role", "string", "", true},
                      {"created_at", "string", "RFC 3339", true},
                      {"disabled", "boolean", "Cannot log in", true}}});
  router.add_schema(
      {"UserList",
       {{"items", "#User[]", "By username", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema({"UserCreate",
                     {{"username", "string", "[a-z0-9_.-]{1,64}, not case-sensitive", true},
                      {"password", "string", "At least 12 characters", true},
                      {"role", "string", "Holds no more than one's own", true}}});
  router.add_schema({"UserPatch",
                     {{"role", "string", "", false},
                      {"disabled", "boolean", "", false},
                      {"password", "string", "Of another user; one's own: auth/password", false}}});
}

void add_reading(api::Router& router, const AccountsService& service) {
  router
      .add({.method = net::Method::get,
            .path = "/users",
            .scope = "users:read",
            .summary = "All users, by name",
            .request = {},
            .response = "UserList",
            .handler = [&service](api::Call& call,
                                  const api::Reply& reply) { list_users(service, call, reply); }})
      .query({api::kLimit, api::kCursor, {"username", "string", "The one user of that name"}});
  router.add({.method = net::Method::get,
              .path = "/users/{id}",
              .scope = "users:read",
              .summary = "One user, with its ETag",
              .request = {},
              .response = "User",
              .handler = [&service](api::Call& call,
                                    const api::Reply& reply) { get_user(service, call, reply); },
              .versions = api::Versions::optional});
}

void add_recovery(api::Router& router, AccountsService& service) {
  router.add({.method = net::Method::post,
              .path = "/users/{id}/reset",
              .scope = "users:write",
              .summary = "Lost-admin recovery: new password, enabled, no second factor, sessions "
                         "or tokens; over the Unix socket only",
              .request = "UserReset",
              .response = "User",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                reset_user(service, call, reply);
              }});
  router
      .add({.method = net::Method::del,
            .path = "/users/{id}/2fa",
            .scope = "users:write",
            .summary = "Take the second factor from another user, who lost it",
            .request = {},
            .response = {},
            .handler =
                [&service](api::Call& call, const api::Reply& reply) {
                  service.remove_second_factor(
                      caller_of(call), call.param("id"),
                      [reply](const auto& outcome) { answer_empty(reply, outcome); });
                }})
      .answers({204});
}

}  // namespace

void add_user_routes(api::Router& router, AccountsService& service) {
  add_schemas(router);
  add_reading(router, service);
  router
      .add({.method = net::Method::post,
            .path = "/users",
            .scope = "users:write",
            .summary = "Make a user",
            .request = "UserCreate",
            .response = "User",
            .handler = [&service](api::Call& call,
                                  const api::Reply& reply) { create_user(service, call, reply); }})
      .answers({201});
  router.add({.method = net::Method::patch,
              .path = "/users/{id}",
              .scope = "users:write",
              .summary = "Change role, password or disabled; ends the user's sessions",
              .request = "UserPatch",
              .response = "User",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                update_user(service, call, reply);
              }});
  router
      .add({.method = net::Method::del,
            .path = "/users/{id}",
            .scope = "users:write",
            .summary = "Delete a user and its sessions",
            .request = {},
            .response = {},
            .handler =
                [&service](api::Call& call, const api::Reply& reply) {
                  service.delete_user(
                      caller_of(call), call.param("id"), wanted_version(call.request),
                      [reply](const auto& outcome) { answer_empty(reply, outcome); });
                }})
      .answers({204});
  add_recovery(router, service);
}

}  // namespace gk::accounts
