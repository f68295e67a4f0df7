// POST /api/games/detect.
#include <algorithm>

#include "base/json_writer.h"
#include "games/routes.h"

namespace gk::games {
namespace {

// The kind's name, with a number when games have it.
std::string free_name(const std::string& kind, std::vector<std::string>& taken) {
  std::string name = kind;
  for (int n = 2; std::find(taken.begin(), taken.end(), name) != taken.end(); ++n) {
    name = kind + "-" + std::to_string(n);
  }
  taken.push_back(name);
  return name;
}

std::optional<std::string> game_at(const GameService& service, const Suspect& s) {
  for (const std::string& name : service.names()) {
    const GameSettings& game = *service.settings(name);
    const bool here = game.host == "127.0.0.1" || game.host == "localhost" || game.host == "::1";
    const bool same =
        s.world.empty() ? here && game.port == s.port : game.option("world") == s.world;
    if (game.kind == s.kind && same) return name;
  }
  return std::nullopt;
}

std::string_view missing(const Suspect& s, const GameKind& kind) {
  if (!s.has_mod) return "the mod gamekeeper_link in the worldmods of its world";
  if (kind.has_password) return "password: that of its console";
  return {};
}

void write_suspect(JsonWriter& w, const GameService& service, const Suspect& s,
                   std::vector<std::string>& taken) {
  const GameKind& kind = *find_kind(s.kind);
  const std::string_view needs = missing(s, kind);
  w.begin_object().field("kind", s.kind).field("title", kind.title);
  w.key("port").value(s.port == 0 ? std::nullopt : std::optional<std::int64_t>(s.port));
  w.key("process").value(s.process.empty() ? std::nullopt : std::optional(s.process));
  w.key("pid").value(s.pid == 0 ? std::nullopt : std::optional<std::int64_t>(s.pid));
  w.field("proven", s.proven).key("game").value(game_at(service, s));
  w.key("needs").value(needs.empty() ? std::nullopt : std::optional(needs));
  w.key("body").begin_object().field("name", free_name(s.kind, taken)).field("kind", s.kind);
  if (s.port != 0) w.field("host", "127.0.0.1").field("port", std::int64_t{s.port});
  if (!s.world.empty()) {
    w.key("options").begin_object().field("world", s.world).end_object();
  }
  w.end_object().end_object();
}

}  // namespace

void add_detect_route(api::Router& router, GameService& service, Detector& detector) {
  router.add_schema({"GameCandidate",
                     {{"kind", "string", "Of /api/game-kinds", true},
                      {"title", "string", "", true},
                      {"port", "integer", "On 127.0.0.1", true, true},
                      {"process", "string", "Name of its program", true, true},
                      {"pid", "integer", "", true, true},
                      {"proven", "boolean", "It answered as its kind does", true},
                      {"game", "string", "The game that is linked to it already", true, true},
                      {"needs", "string", "What the body lacks", true, true},
                      {"body", "#GameSettings", "For POST /api/games", true}}});
  router.add_schema({"GameCandidateList", {{"items", "#GameCandidate[]", "", true}}});
  router.add({net::Method::post, "/games/detect", "games:write",
              "Look for game servers on this machine, without a log-in", "", "GameCandidateList",
              [&service, &detector](api::Call&, const api::Reply& reply) {
                detector.look([&service, reply](const Result<std::vector<Suspect>>& found) {
                  if (!found) return reply.error(found.error());
                  std::vector<std::string> taken = service.names();
                  std::string out;
                  JsonWriter w(out);
                  w.begin_object().key("items").begin_array();
                  for (const Suspect& s : *found) write_suspect(w, service, s, taken);
                  w.end_array().end_object();
                  reply.json(std::move(out));
                });
              }});
}

}  // namespace gk::games
