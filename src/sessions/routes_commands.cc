// The routes of modes and commands.
#include <charconv>

#include "api/list_page.h"
#include "sessions/routes_detail.h"

namespace gk::sessions {
namespace {

using api::Call;
using api::Reply;
using net::Method;

constexpr std::size_t kMaxPage = 1'000;  // Source: platform specification, cursor pagination

void put_mode(SessionService& sessions, Call& call, const Reply& reply) {
  auto reading = read_mode(call.param("name"), call.body);
  if (!reading.complaints.empty()) return reply.problem(invalid(std::move(reading.complaints)));
  sessions.put_mode(std::move(reading.mode), answer(reply));
}

void submit(CommandService& commands, Call& call, const Reply& reply) {
  auto reading = read_command(call.body);
  if (!reading.command) return reply.problem(invalid(std::move(reading.complaints)));
  const CommandSpec& spec = spec_of(reading.command->kind);
  const bool starts_mode = reading.command->kind == CommandKind::session_start;
  for (const std::string_view scope : {spec.scope, starts_mode ? "macros:run" : spec.scope}) {
    if (call.principal->has_scope(scope)) continue;
    return reply.problem({.type = "forbidden",
                          .detail = "the command " + std::string(spec.type) + " " +
                                    std::string(spec.action) + " also needs " +
                                    std::string(scope)});
  }
  commands.submit(std::move(*reading.command), to_json(call.body), asker_of(call),
                  answer(reply, 202));
}

void history(CommandService& commands, Call& call, const Reply& reply) {
  std::size_t limit = 50;
  if (const auto text = call.request.query_param("limit")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (error != std::errc() || end != text->data() + text->size() || limit < 1 ||
        limit > kMaxPage) {
      return reply.problem(invalid({{"limit", "expected a number from 1 to 1000"}}));
    }
  }
  const auto place = api::read_cursor(call.request);
  if (!place) return reply.error(place.error());
  reply.json(commands.history_json(limit, *place));
}

std::string kinds_json() {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  for (const CommandSpec& spec : command_specs()) {
    w.begin_object().field("type", spec.type).field("action", spec.action);
    w.field("scope", spec.scope).key("fields").begin_array();
    for (const auto field : spec.fields) w.value(field);
    w.end_array().key("required").begin_array();
    for (const auto field : spec.required_fields) w.value(field);
    w.end_array().end_object();
  }
  w.end_array().key("next_cursor").null().end_object();
  return out;
}

}  // namespace

void add_mode_routes(api::Router& router, SessionService& sessions) {
  router.add({Method::get, "/modes", "sessions:read", "Modes", "", "ModeList",
              [&sessions](Call&, const Reply& reply) { reply.json(sessions.modes_json()); }});
  router.add({Method::get, "/modes/{name}", "sessions:read", "One mode", "", "Mode",
              [&sessions](Call& call, const Reply& reply) {
                answer(reply)(sessions.mode_json(call.param("name")));
              },
              false, false, api::Versions::optional});
  router.add({Method::put, "/modes/{name}", "sessions:write", "Create or replace a mode",
              "ModeInput", "Mode",
              [&sessions](Call& call, const Reply& reply) { put_mode(sessions, call, reply); }});
  router.add({Method::del, "/modes/{name}", "sessions:write",
              "Delete a mode that no live session uses", "", "GameSessionDeleted",
              [&sessions](Call& call, const Reply& reply) {
                sessions.delete_mode(call.param("name"), answer(reply));
              }});
}

void add_command_routes(api::Router& router, CommandService& commands) {
  router
      .add({Method::post, "/commands", "commands:run",
            "Send a command; its result comes by WebSocket and below /commands/{id}",
            "CommandInput", "Command",
            [&commands](Call& call, const Reply& reply) { submit(commands, call, reply); }})
      .answers({202});
  router.add({Method::get, "/commands/kinds", "commands:read",
              "What a command may be, and which scope each needs", "", "CommandKindList",
              [](Call&, const Reply& reply) { reply.json(kinds_json()); }});
  router
      .add({Method::get, "/commands/history", "commands:read", "Commands, newest first", "",
            "CommandPage",
            [&commands](Call& call, const Reply& reply) { history(commands, call, reply); }})
      .query({api::kLimit, api::kCursor});
  router.add({Method::get, "/commands/{id}", "commands:read", "One command with its result", "",
              "Command", [&commands](Call& call, const Reply& reply) {
                answer(reply)(commands.one_json(call.param("id")));
              }});
}

}  // namespace gk::sessions
