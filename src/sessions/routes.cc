// The routes of sessions and modes, and all topics of the room.
#include "sessions/routes.h"

#include "sessions/routes_detail.h"

namespace gk::sessions {
namespace {

using api::Call;
using api::Reply;
using net::Method;

void check_name(JsonReader& reader, std::string_view key, const std::string& value) {
  if (!value.empty() && !is_mode_name(value)) reader.complain(key, std::string(kNameRule));
}

void create(SessionService& sessions, Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  NewSession wanted;
  reader.require("character_name");
  reader.string("character_name", wanted.character_name, 64);
  reader.string("game", wanted.game, 64);
  reader.string("mode", wanted.mode, 64);
  reader.refuse_unknown();
  check_name(reader, "game", wanted.game);
  check_name(reader, "mode", wanted.mode);
  if (reader.complaints().empty() && !is_character_name(wanted.character_name)) {
    reader.complain("character_name", std::string(kCharacterNameRule));
  }
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  sessions.create(std::move(wanted), answer(reply, 201));
}

void change(SessionService& sessions, Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  std::string game, mode;
  const bool has_game = call.body.find("game") != nullptr;
  const bool has_mode = call.body.find("mode") != nullptr;
  reader.string("game", game, 64);
  reader.string("mode", mode, 64);
  reader.refuse_unknown();
  check_name(reader, "game", game);
  check_name(reader, "mode", mode);
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  // null or "" takes it away.
  sessions.change(call.param("id"), has_game ? std::optional(game) : std::nullopt,
                  has_mode ? std::optional(mode) : std::nullopt, answer(reply));
}

void list(SessionService& sessions, Call& call, const Reply& reply) {
  const std::string state = call.request.query_param("state").value_or("");
  const bool known = state.empty() || state == "created" || state == "running" ||
                     state == "paused" || state == "stopped" || state == "interrupted";
  if (!known) {
    return reply.problem(
        invalid({{"state", "expected created, running, paused, stopped or interrupted"}}));
  }
  reply.json(sessions.list_json(state));
}

void add_steps(api::Router& router, SessionService& sessions) {
  router.add({Method::post, "/sessions/{id}/start", "sessions:write",
              "Start it, or go on after a pause; executes its mode", "", "GameSessionStarted",
              [&sessions](Call& call, const Reply& reply) {
                // Starting a mode starts macros: that is a right of its own.
                if (!call.principal->has_scope("macros:run")) {
                  return reply.problem(
                      {.type = "forbidden", .detail = "starting a session also needs macros:run"});
                }
                sessions.start(call.param("id"), asker_of(call), answer(reply));
              }});
  router.add({Method::post, "/sessions/{id}/pause", "sessions:write",
              "Pause it with its macros; those that cannot be paused are in the answer", "",
              "GameSessionPaused", [&sessions](Call& call, const Reply& reply) {
                sessions.pause(call.param("id"), asker_of(call), answer(reply));
              }});
  router.add({Method::post, "/sessions/{id}/stop", "sessions:write",
              "End its macros and the session", "", "GameSessionStopped",
              [&sessions](Call& call, const Reply& reply) {
                sessions.stop(call.param("id"), asker_of(call), answer(reply));
              }});
}

}  // namespace

void add_session_routes(api::Router& router, SessionService& sessions, CommandService& commands) {
  add_session_schemas(router);
  router
      .add({Method::get, "/sessions", "sessions:read", "Sessions, newest first; ?state=", "",
            "GameSessionList",
            [&sessions](Call& call, const Reply& reply) { list(sessions, call, reply); }})
      .query({{"state", "created|running|paused|stopped|interrupted|", ""}});
  router
      .add({Method::post, "/sessions", "sessions:write", "Create a session; it does not start yet",
            "GameSessionNew", "GameSession",
            [&sessions](Call& call, const Reply& reply) { create(sessions, call, reply); }})
      .answers({201});
  router.add({Method::get, "/sessions/{id}", "sessions:read", "One session", "", "GameSession",
              [&sessions](Call& call, const Reply& reply) {
                answer(reply)(sessions.one_json(call.param("id")));
              },
              false, false, api::Versions::optional});
  router.add({Method::patch, "/sessions/{id}", "sessions:write",
              "Change game or mode while it does not run", "GameSessionPatch", "GameSession",
              [&sessions](Call& call, const Reply& reply) { change(sessions, call, reply); }});
  router.add({Method::del, "/sessions/{id}", "sessions:write",
              "Forget a session that neither runs nor pauses", "", "GameSessionDeleted",
              [&sessions](Call& call, const Reply& reply) {
                sessions.remove(call.param("id"), answer(reply));
              }});
  add_steps(router, sessions);
  add_mode_routes(router, sessions);
  add_command_routes(router, commands);
}

SessionTopics::SessionTopics(api::Hub& hub, SessionService& sessions, CommandService& commands) {
  using api::Delivery;
  const auto add = [&](std::string_view name, std::string_view scope, std::string_view summary,
                       std::string_view schema) {
    hub.add_topic({name, scope, summary, schema, Delivery::every, {}});
  };
  add("session:started", "sessions:read", "A session started", "GameSession");
  add("session:stopped", "sessions:read", "A session stopped", "GameSession");
  add("session:updated", "sessions:read", "A session changed in any way", "GameSession");
  add("mode:started", "sessions:read", "Macros of a mode started", "ModeNotice");
  add("mode:stopped", "sessions:read", "The last macro of a mode ended", "ModeNotice");
  add("command:result", "commands:read", "A command succeeded", "Command");
  add("command:error", "commands:read", "A command failed", "Command");
  changes_ = sessions.changes().subscribe([&hub](const SessionChange& change) {
    const bool started = change.kind == SessionChange::Kind::started;
    const bool stopped = change.kind == SessionChange::Kind::stopped;
    hub.publish(started   ? "session:started"
                : stopped ? "session:stopped"
                          : "session:updated",
                change.json);
  });
  modes_ = sessions.mode_changes().subscribe([&hub](const ModeChange& change) {
    hub.publish(change.started ? "mode:started" : "mode:stopped", change.json);
  });
  commands_ = commands.ended().subscribe([&hub](const CommandRecord& record) {
    hub.publish(record.error ? "command:error" : "command:result", command_json(record));
  });
}

}  // namespace gk::sessions
