// /auth/preferences: a bounded JSON object of the caller's own.

#include "accounts/routes_detail.h"

namespace gk::accounts {
namespace {

void answer(const api::Reply& reply, const Outcome<Preferences>& outcome) {
  if (const auto* problem = std::get_if<api::Problem>(&outcome)) return reply.problem(*problem);
  const auto& preferences = std::get<Preferences>(outcome);
  net::Response response;
  response.headers.emplace_back("ETag", '"' + std::to_string(preferences.version) + '"');
  response.body = preferences.body;
  reply.response(std::move(response));
}

void put(AccountsService& service, api::Call& call, const api::Reply& reply) {
  if (!call.body.is_object()) {
    return reply.problem(invalid_field("", "expected an object of preferences"));
  }
  service.write_preferences(caller_of(call), to_json(call.body), wanted_version(call.request),
                            [reply](const auto& outcome) { answer(reply, outcome); });
}

}  // namespace

void add_preferences_routes(api::Router& router, AccountsService& service) {
  router.add_schema({"Preferences", {}});
  router.add({.method = net::Method::get,
              .path = "/auth/preferences",
              .scope = api::kSession,
              .summary = "One's own preferences, with their ETag",
              .request = {},
              .response = "Preferences",
              .handler =
                  [&service](api::Call& call, const api::Reply& reply) {
                    service.read_preferences(
                        caller_of(call), [reply](const auto& outcome) { answer(reply, outcome); });
                  },
              .versions = api::Versions::own});
  router.add({.method = net::Method::put,
              .path = "/auth/preferences",
              .scope = api::kSession,
              .summary = "Replace one's own preferences: any JSON object of at most 16 KiB",
              .request = "Preferences",
              .response = "Preferences",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                put(service, call, reply);
              }});
}

}  // namespace gk::accounts
