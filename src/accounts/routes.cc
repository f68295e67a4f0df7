#include "accounts/routes.h"

#include <charconv>

#include "accounts/routes_detail.h"
#include "accounts/rules/login_limiter.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kDefaultPage = 100;   // Source: chosen
constexpr std::size_t kMaxPage = 1'000;     // Source: platform specification, HTTP rules
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

std::optional<std::int64_t> wanted_version(const net::Request& request) {
  const std::string* tag = request.header("if-match");
  if (tag == nullptr || *tag == "*") return std::nullopt;
  std::int64_t version = 0;
  if (tag->size() < 3 || tag->front() != '"' || tag->back() != '"') return -1;
  const char* end = tag->data() + tag->size() - 1;
  const auto parsed = std::from_chars(tag->data() + 1, end, version);
  return parsed.ec == std::errc() && parsed.ptr == end ? version : -1;
}

std::optional<std::size_t> page_size(const net::Request& request) {
  const auto text = request.query_param("limit");
  if (!text) return kDefaultPage;
  std::size_t limit = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size()) return std::nullopt;
  if (limit < 1 || limit > kMaxPage) return std::nullopt;
  return limit;
}

void add_accounts_routes(api::Router& router, AccountsService& service) {
  router.add_schema({"AccountsHolder",
                     {{"id", "string", "Null for the local admin", true, true},
                      {"username", "string", "", true},
                      {"role", "string", "", true},
                      {"scopes", "string[]", "resource:verb, or * for all", true}}});
  add_auth_routes(router, service);
  add_session_routes(router, service);
  add_token_routes(router, service);
  add_second_factor_routes(router, service);
  add_preferences_routes(router, service);
  add_user_routes(router, service);
  add_role_routes(router, service);
  add_audit_routes(router, service);
}

}  // namespace gk::accounts
