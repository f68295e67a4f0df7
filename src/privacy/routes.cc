#include "privacy/routes.h"

#include <utility>

#include "base/json_writer.h"
#include "base/span.h"

namespace gk::privacy {
namespace {

constexpr std::string_view kScope = "anticheat:admin";

void answer_export(const std::string& pseudonym, const Result<std::string>& data,
                   const api::Reply& reply) {
  if (!data) return reply.error(data.error());
  std::string out;
  JsonWriter(out).begin_object().field("pseudonym", pseudonym).key("data").raw(*data).end_object();
  reply.json(std::move(out));
}

void answer_erased(const std::string& pseudonym, const Result<std::vector<std::string>>& erased,
                   const api::Reply& reply) {
  if (!erased) return reply.error(erased.error());
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("pseudonym", pseudonym).key("erased").begin_array();
  for (const auto& name : *erased) w.value(name);
  w.end_array().end_object();
  reply.json(std::move(out));
}

void add_schemas(api::Router& router) {
  router.add_schema(
      {"PlayerParts",
       {{"player", "string", "", true},
        {"exported_at", "time", "", true},
        {"parts", "map:any", "What each room keeps; rooms with nothing are left out", true}}});
  router.add_schema({"PlayerExport",
                     {{"pseudonym", "string", "What the audit calls the player", true},
                      {"data", "#PlayerParts", "", true}}});
  router.add_schema({"PlayerErased",
                     {{"pseudonym", "string", "What the audit calls the player", true},
                      {"erased", "string[]", "Rooms that had something and deleted it", true}}});
}

}  // namespace

void add_player_routes(api::Router& router, PlayerData& players, const Pseudonyms& pseudonyms,
                       Audit audit, Log& log, const Clock& clock) {
  add_schemas(router);
  // The audit first: who looked is known even when the daemon ends before the answer.
  const auto audited = [audit = std::move(audit), &pseudonyms](
                           const api::Call& call, const api::Reply& reply, const char* action,
                           std::function<void(std::string pseudonym)> then) {
    if (!is_player_id(call.param("id"))) {
      return reply.error({Errc::invalid_argument,
                          "id: expected 1 to 128 bytes of UTF-8 without control characters"});
    }
    const std::string pseudonym = pseudonyms.of(call.param("id"));
    audit({call.holder, action, pseudonym, call.correlation_id},
          [reply, pseudonym, then = std::move(then)](Result<void> noted) {
            if (!noted) return reply.error(noted.error());
            then(pseudonym);
          });
  };
  router.add(
      {.method = net::Method::get,
       .path = "/players/{id}/export",
       .scope = kScope,
       .summary = "Everything that is kept about a player of a game; audited",
       .response = "PlayerExport",
       .handler = [&players, audited, &log, &clock](api::Call& call, const api::Reply& reply) {
         const PendingSpan span(clock, "player.export", call.correlation_id);
         audited(call, reply, "player.export",
                 [&players, id = call.param("id"), reply, span, &log,
                  &clock](const std::string& pseudonym) {
                   players.export_player(
                       id, [reply, pseudonym, span, &log, &clock](const Result<std::string>& data) {
                         span.end_with(log, clock, data);
                         answer_export(pseudonym, data, reply);
                       });
                 });
       }});
  router.add(
      {.method = net::Method::del,
       .path = "/players/{id}",
       .scope = kScope,
       .summary = "Delete everything that is kept about a player of a game; audited",
       .response = "PlayerErased",
       .handler = [&players, audited, &log, &clock](api::Call& call, const api::Reply& reply) {
         const PendingSpan span(clock, "player.delete", call.correlation_id);
         audited(call, reply, "player.delete",
                 [&players, id = call.param("id"), reply, span, &log,
                  &clock](const std::string& pseudonym) {
                   players.erase_player(id, [reply, pseudonym, span, &log,
                                             &clock](const Result<std::vector<std::string>>& e) {
                     span.end_with(log, clock, e);
                     answer_erased(pseudonym, e, reply);
                   });
                 });
       }});
}

}  // namespace gk::privacy
