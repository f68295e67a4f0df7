// What the router writes into the audit: one row of each call that changed something.

#include <algorithm>
#include <tuple>

#include "api/audit_rule.h"
#include "api/router_impl.h"
#include "base/assert.h"

namespace gk::api {
namespace {

bool succeeded(int status) { return status >= 200 && status < 300; }

std::string target_of(const AuditRule& rule, const PathParams& params, const JsonValue& request,
                      const std::string& answer) {
  if (rule.target.empty()) return {};
  if (const auto param = params.find(rule.target); param != params.end()) return param->second;
  const auto member = [&](const JsonValue& object) -> std::string {
    const JsonValue* value = object.find(rule.target);
    if (value == nullptr) return {};
    return value->is_string() ? value->as_string() : to_json(*value);
  };
  if (const auto parsed = parse_json(answer); parsed && parsed->is_object()) {
    if (auto text = member(*parsed); !text.empty()) return text;
  }
  return request.is_object() ? member(request) : std::string();
}

/// The members of `body` that are named in `keep`.
std::string kept_members(const JsonValue& body, std::string_view keep) {
  if (keep.empty() || !body.is_object()) return to_json(body);
  JsonValue::Object members;
  for (const auto& [name, value] : body.as_object()) {
    const std::string padded = " " + std::string(keep) + " ";
    if (padded.find(" " + name + " ") != std::string::npos) members.emplace_back(name, value);
  }
  return to_json(JsonValue(std::move(members)));
}

}  // namespace

std::pair<std::string, std::string> differing_members(const std::string& before,
                                                      const std::string& after) {
  const auto was = parse_json(before);
  const auto is = parse_json(after);
  if (!was || !is || !was->is_object() || !is->is_object()) return {before, after};
  const auto differing = [](const JsonValue& of, const JsonValue& other) {
    JsonValue::Object members;
    for (const auto& [name, value] : of.as_object()) {
      const JsonValue* same = other.find(name);
      if (same == nullptr || to_json(*same) != to_json(value)) members.emplace_back(name, value);
    }
    return to_json(JsonValue(std::move(members)));
  };
  return {differing(*was, *is), differing(*is, *was)};
}

std::string audit_detail(std::string json) {
  if (json.size() <= kMaxAuditDetail) return json;
  return "{\"bytes\":" + std::to_string(json.size()) + ",\"too_long\":true}";
}

void Router::Impl::run(const Route& route, Call& call, const Reply& reply) {
  const AuditRule* rule = route.audit ? &*route.audit : nullptr;
  const bool writes_row = rule != nullptr && audit_sink && call.holder != nullptr &&
                          (rule->by == AuditBy::router || rule->by == AuditBy::late);
  if (!writes_row || (!rule->unless.empty() && call.body.find(rule->unless) != nullptr)) {
    return handle(route, call, reply);
  }
  AuditAct act{.by = call.holder,
               .action = std::string(rule->action),
               .target = {},
               .before = {},
               .after = {},
               .correlation_id = call.correlation_id};
  const Route* read = rule->detail == AuditDetail::change ? reader_of(call) : nullptr;
  if (read != nullptr) {
    if (const auto present = present_answer(*read, call)) act.before = present->body;
  }
  // The body moves into the handler's hands: what the row needs of it is kept.
  const bool keeps_body = rule->detail == AuditDetail::request || !rule->target.empty();
  handle(route, call,
         Reply(
             [this, rule, act = std::move(act), params = call.params,
              body = keeps_body ? call.body : JsonValue(), reply](net::Response response) mutable {
               if (!succeeded(response.status)) return reply.response(std::move(response));
               record(*rule, std::move(act), params, body, std::move(response), reply);
             },
             call.request.path, call.correlation_id));
}

void Router::Impl::record(const AuditRule& rule, AuditAct act, const PathParams& params,
                          const JsonValue& body, net::Response response, const Reply& reply) {
  act.target = target_of(rule, params, body, response.body);
  switch (rule.detail) {
    case AuditDetail::none: break;
    case AuditDetail::request: act.after = kept_members(body, rule.keep); break;
    case AuditDetail::answer: act.after = response.body; break;
    case AuditDetail::change:
      if (rule.method != net::Method::del) act.after = response.body;
      if (act.before && act.after) {
        std::tie(act.before, act.after) = differing_members(*act.before, *act.after);
      }
      break;
  }
  if (act.before) act.before = audit_detail(std::move(*act.before));
  if (act.after) act.after = audit_detail(std::move(*act.after));
  if (rule.by == AuditBy::late) {
    reply.response(std::move(response));
    return audit_sink(std::move(act), nullptr);
  }
  audit_sink(std::move(act), [reply, response = std::move(response)]() mutable {
    reply.response(std::move(response));
  });
}

void Router::audit(const AuditRule& rule) {
  auto& routes = impl_->routes;
  const auto it = std::find_if(routes.begin(), routes.end(), [&](const Route& r) {
    return r.method == rule.method && r.path == rule.path && !r.literal;
  });
  GK_ASSERT(it != routes.end());  // the table of the audit names routes that exist
  GK_ASSERT(!it->audit);          // once
  const bool writes = rule.by == AuditBy::router || rule.by == AuditBy::late;
  GK_ASSERT(writes ? !rule.action.empty() : !rule.why.empty());
  it->audit = rule;
}

void Router::set_audit_sink(AuditSink sink) { impl_->audit_sink = std::move(sink); }

std::vector<std::string> Router::without_audit_rule() const {
  std::vector<std::string> found;
  for (const Route& route : impl_->routes) {
    if (!changes_state(route.method) || route.audit) continue;
    found.push_back(std::string(net::method_name(route.method)) + " " + std::string(route.path));
  }
  return found;
}

}  // namespace gk::api
