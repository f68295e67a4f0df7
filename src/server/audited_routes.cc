#include "server/audited_routes.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "base/json.h"
#include "server/audit_rows.h"

namespace gk::server {
namespace {

using api::AuditBy;
using api::AuditDetail;
using api::AuditRule;
using net::Method;

AuditRule row(Method method, std::string_view path, std::string_view action,
              std::string_view target, AuditDetail detail = AuditDetail::none,
              std::string_view keep = {}) {
  return {.method = method,
          .path = path,
          .by = AuditBy::router,
          .action = action,
          .target = target,
          .detail = detail,
          .keep = keep,
          .unless = {},
          .why = {}};
}

// Its answer does not wait for the disk.
AuditRule late(AuditRule rule) {
  rule.by = AuditBy::late;
  return rule;
}

AuditRule without(AuditBy by, Method method, std::string_view path, std::string_view why) {
  return {.method = method,
          .path = path,
          .by = by,
          .action = {},
          .target = {},
          .detail = AuditDetail::none,
          .keep = {},
          .unless = {},
          .why = why};
}

void add_games(api::Router& r) {
  r.audit(row(Method::post, "/games", "game.create", "name", AuditDetail::answer));
  r.audit(row(Method::put, "/games/{name}", "game.change", "name", AuditDetail::change));
  r.audit(row(Method::del, "/games/{name}", "game.delete", "name", AuditDetail::change));
  r.audit(row(Method::post, "/games/{name}/connect", "game.connect", "name"));
  r.audit(row(Method::post, "/games/{name}/disconnect", "game.disconnect", "name"));
  AuditRule command = late(row(Method::post, "/games/{name}/commands", "game.command", "name",
                               AuditDetail::request, "command confirmed"));
  command.unless = "macro_id";
  r.audit(command);
}

void add_macros(api::Router& r) {
  const auto safety = [&](Method m, std::string_view path, std::string_view action,
                          std::string_view target, AuditDetail detail = AuditDetail::none) {
    r.audit(row(m, path, action, target, detail));
  };
  safety(Method::post, "/macro-safety/profiles", "profile.create", "macro_id", AuditDetail::answer);
  safety(Method::put, "/macro-safety/profiles/{macro_id}", "profile.change", "macro_id",
         AuditDetail::change);
  safety(Method::patch, "/macro-safety/profiles/{macro_id}", "profile.change", "macro_id",
         AuditDetail::change);
  safety(Method::del, "/macro-safety/profiles/{macro_id}", "profile.delete", "macro_id",
         AuditDetail::change);
  safety(Method::post, "/macro-safety/overrides/{profile}/load", "override.load", "profile",
         AuditDetail::answer);
  safety(Method::post, "/macro-safety/overrides/{profile}/approve", "override.approve", "profile",
         AuditDetail::answer);
  safety(Method::post, "/macro-safety/quarantine/{macro_id}/lift", "quarantine.lift", "macro_id");
  safety(Method::post, "/macro-safety/start", "macro.start", "macro_id");
  safety(Method::post, "/macro-scripts/{name}/run", "macro.start", "macro_id");
  safety(Method::post, "/macro-safety/pause/{macro_id}", "macro.pause", "macro_id");
  safety(Method::post, "/macro-safety/resume/{macro_id}", "macro.resume", "macro_id");
  r.audit(late(row(Method::post, "/macro-safety/stop/{macro_id}", "macro.stop", "macro_id")));
  r.audit(
      late(row(Method::post, "/macro-safety/stop-all", "macro.stop_all", "", AuditDetail::answer)));
  safety(Method::put, "/macro-scripts/{name}", "script.save", "name", AuditDetail::change);
  safety(Method::del, "/macro-scripts/{name}", "script.delete", "name", AuditDetail::change);
  safety(Method::post, "/macro-scripts/import", "script.import", "", AuditDetail::answer);
  safety(Method::post, "/macro-scripts/{name}/enable", "script.enable", "name");
  safety(Method::post, "/macro-scripts/{name}/disable", "script.disable", "name");
  r.audit(row(Method::post, "/macro-scripts/{name}/versions/{version}/restore", "script.restore",
              "name", AuditDetail::none));
}

void add_sessions(api::Router& r) {
  r.audit(row(Method::post, "/sessions", "session.create", "id", AuditDetail::answer));
  r.audit(row(Method::patch, "/sessions/{id}", "session.change", "id", AuditDetail::change));
  r.audit(row(Method::del, "/sessions/{id}", "session.delete", "id", AuditDetail::change));
  r.audit(row(Method::post, "/sessions/{id}/start", "session.start", "id"));
  r.audit(row(Method::post, "/sessions/{id}/pause", "session.pause", "id"));
  r.audit(late(row(Method::post, "/sessions/{id}/stop", "session.stop", "id")));
  r.audit(row(Method::put, "/modes/{name}", "mode.change", "name", AuditDetail::change));
  r.audit(row(Method::del, "/modes/{name}", "mode.delete", "name", AuditDetail::change));
  // An emergency stop is one of them: none waits. Arguments of macros may hold anything.
  r.audit(late(row(Method::post, "/commands", "command.run", "command_id", AuditDetail::request,
                   "type action session_id character_name mode_name macro_id script game")));
}

void add_lanes_and_tasks(api::Router& r) {
  r.audit(row(Method::put, "/locks/{lane}", "lane.change", "lane", AuditDetail::change));
  r.audit(row(Method::del, "/locks/{lane}", "lane.delete", "lane", AuditDetail::change));
  r.audit(row(Method::post, "/locks/{lane}/revoke", "lane.revoke", "lane", AuditDetail::request));
  r.audit(row(Method::put, "/lock-modules/{name}", "module.change", "name", AuditDetail::change));
  r.audit(row(Method::del, "/lock-modules/{name}", "module.delete", "name", AuditDetail::change));
  r.audit(row(Method::post, "/task-graphs", "task.submit", "id", AuditDetail::request, "name"));
  r.audit(row(Method::post, "/task-graphs/{id}/cancel", "task.cancel_graph", "id"));
  r.audit(row(Method::post, "/tasks/{id}/cancel", "task.cancel", "id"));
  r.audit(row(Method::post, "/operations/{id}/cancel", "operation.cancel", "id"));
}

// Ids of players are not written: a row cannot be deleted when a player asks for it.
void add_referee(api::Router& r) {
  r.audit(row(Method::put, "/movement/options", "referee.change", "", AuditDetail::change));
  // The answer holds the key.
  r.audit(row(Method::post, "/movement/sources", "source.create", "name", AuditDetail::request,
              "name address"));
  r.audit(row(Method::del, "/movement/sources/{name}", "source.delete", "name"));
  r.audit(row(Method::post, "/movement/review/{id}/accept", "review.accept", "id"));
  r.audit(row(Method::post, "/movement/review/{id}/dismiss", "review.dismiss", "id"));
  r.audit(row(Method::post, "/movement/recording/start", "recording.start", "name"));
  r.audit(row(Method::post, "/movement/recording/stop", "recording.stop", "name"));
  r.audit(row(Method::del, "/movement/players/{id}/data", "player.forget_movement", ""));
}

using Names = std::pair<Method, std::string_view>;

void add_rooms_own(api::Router& r) {
  static constexpr std::array<Names, 31> kOwn = {{
      {Method::post, "/setup"},
      {Method::post, "/auth/login"},
      {Method::post, "/auth/refresh"},
      {Method::post, "/auth/password"},
      {Method::post, "/auth/2fa"},
      {Method::post, "/auth/2fa/confirm"},
      {Method::post, "/auth/2fa/disable"},
      {Method::post, "/auth/2fa/recovery-codes"},
      {Method::del, "/auth/sessions/{id}"},
      {Method::post, "/auth/tokens"},
      {Method::del, "/auth/tokens/{id}"},
      {Method::post, "/users"},
      {Method::patch, "/users/{id}"},
      {Method::del, "/users/{id}"},
      {Method::del, "/users/{id}/2fa"},
      {Method::post, "/users/{id}/reset"},
      {Method::post, "/users/{id}/tokens"},
      {Method::put, "/roles/{name}"},
      {Method::del, "/roles/{name}"},
      {Method::patch, "/config"},
      {Method::put, "/config"},
      {Method::post, "/config/reload"},
      {Method::post, "/config/revisions/{id}/restore"},
      {Method::post, "/backups"},
      {Method::del, "/backups/{name}"},
      {Method::post, "/notices/receivers"},
      {Method::put, "/notices/receivers/{name}"},
      {Method::del, "/notices/receivers/{name}"},
      {Method::post, "/notices/receivers/{name}/test"},
      {Method::del, "/players/{id}"},
      {Method::put, "/operations/conflicts"},
  }};
  for (const auto& [method, path] : kOwn) {
    r.audit(without(AuditBy::room, method, path, "with the change, in one transaction, or before"));
  }
  r.audit(without(AuditBy::room, Method::post, "/operations", "with the end of the operation"));
}

void add_exceptions(api::Router& r) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 19> kNone = {{
      {"/auth/logout", "ends the caller's own session, nothing else"},
      {"/auth/verify", "changes nothing"},
      {"/ws-tickets", "changes nothing: a credential for 30 s, of the caller's own rights"},
      {"/config/check", "changes nothing"},
      {"/games/detect", "changes nothing"},
      {"/macro-safety/simulate", "changes nothing"},
      {"/macro-scripts/validate", "changes nothing"},
      {"/movement/replay", "changes nothing"},
      {"/locks/{lane}/check", "changes nothing"},
      {"/locks/{lane}/acquire", "a module's traffic, many a second; the lane's history has it"},
      {"/locks/{lane}/renew", "a module's traffic"},
      {"/locks/{lane}/release", "a module's traffic"},
      {"/macro-safety/check", "a macro's traffic; what it leads to is an event"},
      {"/macro-safety/log", "a macro's traffic"},
      {"/movement/claims", "a game server's traffic"},
      {"/movement/declare", "a game server's traffic"},
      {"/movement/rtt", "a game server's traffic"},
      {"/movement/validate", "a game server's traffic"},
      {"/samples", "a game client's traffic"},
  }};
  for (const auto& [path, why] : kNone) {
    r.audit(without(AuditBy::nobody, Method::post, path, why));
  }
  r.audit(without(AuditBy::nobody, Method::put, "/auth/preferences",
                  "how the caller's own pages look"));
}

void hide_secret_words(api::AuditAct& act) {
  if (act.action != "game.command" || !act.after) return;
  const auto body = parse_json(*act.after);
  if (!body || !body->is_object()) return;
  JsonValue::Object members = body->as_object();
  for (auto& [name, value] : members) {
    if (name == "command" && value.is_string()) value = without_secret_words(value.as_string());
  }
  act.after = to_json(JsonValue(std::move(members)));
}

}  // namespace

std::string without_secret_words(const std::string& command) {
  std::string lower = command;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  static constexpr std::array<std::string_view, 6> kSigns = {"pass",  "pw",  "secret",
                                                             "token", "key", "rcon"};
  const bool may_hold_one = std::any_of(kSigns.begin(), kSigns.end(), [&](std::string_view sign) {
    return lower.find(sign) != std::string::npos;
  });
  if (!may_hold_one) return command;
  return command.substr(0, command.find_first_of(" =\t")) + " (not kept: may hold a secret)";
}

void audit_routes(api::Router& router, const RoomsContext& context, store::Writer& state) {
  add_games(router);
  add_macros(router);
  add_sessions(router);
  add_lanes_and_tasks(router);
  add_referee(router);
  add_rooms_own(router);
  add_exceptions(router);
  for (const std::string& route : router.without_audit_rule()) {
    context.log.error("audit.rule_missing", route, {{"route", route}});
  }
  GK_ASSERT(router.without_audit_rule().empty());  // a route that changes something has a rule
  Counter lost = context.metrics.counter("gamekeeper_audit_rows_lost_total",
                                         "Changes whose row could not be written to the audit");
  router.set_audit_sink(
      [&context, &state, lost](api::AuditAct act, std::function<void()> done) mutable {
        hide_secret_words(act);
        const auto by = act.by;  // The closure below takes the act.
        const AuditWords words{.action = act.action,
                               .target = act.target,
                               .correlation_id = act.correlation_id,
                               .before = std::move(act.before),
                               .after = std::move(act.after)};
        add_audit_row(context, state, *by, words,
                      [&context, lost, act = std::move(act),
                       done = std::move(done)](const Result<void>& written) mutable {
                        if (!written) {
                          lost.inc();
                          context.log.error("audit.not_written",
                                            act.by->name + ": " + act.action + " " + act.target +
                                                ": " + written.error().message,
                                            {{"correlation_id", act.correlation_id},
                                             {"action", act.action},
                                             {"actor", act.by->name},
                                             {"target", act.target}});
                        }
                        if (done) done();
                      });
      });
}

void audit_signal(const RoomsContext& context, store::Writer& state, std::string_view by,
                  std::string action, std::string after_json) {
  api::Principal signal;
  signal.name = std::string(by);
  add_audit_row(context, state, signal,
                {.action = action, .target = {}, .correlation_id = {}, .after = after_json},
                [&context, action](const Result<void>& written) {
                  if (written) return;
                  context.log.error("audit.not_written", action + ": " + written.error().message,
                                    {{"action", action}});
                });
}

}  // namespace gk::server
