#include "accounts/routes.h"

#include "accounts/routes_detail.h"
#include "accounts/rules/login_limiter.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kMaxUserAgent = 256;  // Source: chosen; shown to people, stored per session

}  // namespace

Visitor visitor_of(const api::Call& call) {
  const net::Peer& peer = call.request.peer;
  const std::string* agent = call.request.header("user-agent");
  return {.address = peer.address,
          .limit_key = address_key(peer.address, peer.uid),
          .user_agent = agent == nullptr ? std::string() : agent->substr(0, kMaxUserAgent),
          .correlation_id = call.correlation_id};
}

Caller caller_of(const api::Call& call) {
  return {.principal = *call.principal, .correlation_id = call.correlation_id};
}

std::optional<api::Problem> problem_of(const JsonReader& reader) {
  if (reader.complaints().empty()) return std::nullopt;
  return invalid(reader.complaints());
}

void add_accounts_routes(api::Router& router, AccountsService& service) {
  router.add_schema({"AccountsHolder",
                     {{"id", "string", "Null for the local admin", true, true},
                      {"username", "string", "", true},
                      {"role", "string", "", true},
                      {"scopes", "string[]", "resource:verb, or * for all", true}}});
  add_auth_routes(router, service);
  add_user_routes(router, service);
}

}  // namespace gk::accounts
