#include "games/routes.h"

#include <charconv>

#include "base/json_writer.h"
#include "games/rules/command_check.h"

namespace gk::games {
namespace {

using api::Call;
using api::Reply;
using net::Method;

constexpr std::string_view kRead = "games:read", kWrite = "games:write", kSend = "games:send";
constexpr std::string_view kActsForMacro = "macros:run";
constexpr std::size_t kMaxPassword = 256;  // Source: chosen; servers take less.
constexpr Seconds kRefresh{2};             // Source: chosen, of figures on the page.

api::Problem invalid(Complaints errors) { return api::invalid_request(std::move(errors)); }

bool is_admin(const Call& call) { return call.principal->has_scope(kWrite); }

void answer_game(const GameService& service, const std::string& name, const Reply& reply,
                 int status) {
  auto json = service.game_json(name);
  if (!json) return reply.error(json.error());
  // Of what clients write, not of the link's state: that changes by itself.
  net::Response written;
  JsonWriter w(written.body);
  w.begin_object();
  write_settings(w, *service.settings(name));
  w.end_object();
  net::Response response;
  response.status = status;
  response.headers.emplace_back("ETag", api::etag_of(written));
  response.body = std::move(*json);
  reply.response(std::move(response));
}

// The password of a body: absent or null keeps the stored one, "" takes it away.
std::optional<std::string> read_password(const JsonValue& body, Complaints& complaints) {
  const JsonValue* member = body.find("password");
  if (member == nullptr || member->is_null()) return std::nullopt;
  const bool good =
      member->is_string() && member->as_string().size() <= kMaxPassword &&
      member->as_string().find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
  if (!good) {
    complaints.emplace_back("password", "expected one line of at most 256 bytes");
    return std::nullopt;
  }
  return member->as_string();
}

void store_game(GameService& service, const JsonValue& body, const std::string& name,
                const GameSettings& base, const Reply& reply, int status) {
  Complaints complaints;
  if (!is_game_name(name)) complaints.emplace_back("name", "expected 1 to 64 of a-z, 0-9, _ and -");
  const GameSettings settings = read_settings(body, name, base, complaints);
  auto password = read_password(body, complaints);
  if (!complaints.empty()) return reply.problem(invalid(std::move(complaints)));
  service.put(settings, std::move(password),
              [&service, name, reply, status](const Result<void>& stored) {
                if (!stored) return reply.error(stored.error());
                answer_game(service, name, reply, status);
              });
}

void add_game(GameService& service, const Call& call, const Reply& reply) {
  const JsonValue* name = call.body.find("name");
  if (name == nullptr || !name->is_string()) {
    return reply.problem(invalid({{"name", "expected 1 to 64 of a-z, 0-9, _ and -"}}));
  }
  if (service.settings(name->as_string()) != nullptr) {
    return reply.error({Errc::already_exists, "there is a game of that name already"});
  }
  store_game(service, call.body, name->as_string(), {}, reply, 201);
}

void change_game(GameService& service, const Call& call, const Reply& reply) {
  const std::string name = call.param("name");
  const GameSettings* old = service.settings(name);
  store_game(service, call.body, name, old == nullptr ? GameSettings{} : *old, reply,
             old == nullptr ? 201 : 200);
}

void add_settings(api::Router& router, GameService& service) {
  router.add({Method::get, "/games", kRead, "Games and the state of their links", "", "GameList",
              [&service](Call&, const Reply& reply) { reply.json(service.games_json()); }});
  router
      .add({Method::post, "/games", kWrite, "Add a game", "GameSettings", "Game",
            [&service](Call& call, const Reply& reply) { add_game(service, call, reply); }})
      .answers({201});
  router.add({Method::get, "/games/{name}", kRead, "One game", "", "Game",
              [&service](Call& call, const Reply& reply) {
                answer_game(service, call.param("name"), reply, 200);
              },
              false, false, api::Versions::optional});
  router
      .add({Method::put, "/games/{name}", kWrite, "Add or change a game", "GameSettings", "Game",
            [&service](Call& call, const Reply& reply) { change_game(service, call, reply); }})
      .answers({200, 201});
  router
      .add({Method::del, "/games/{name}", kWrite, "Remove a game", "", "",
            [&service](Call& call, const Reply& reply) {
              service.remove(call.param("name"), [reply](const Result<void>& removed) {
                if (!removed) return reply.error(removed.error());
                reply.response({.status = 204, .content_type = ""});
              });
            }})
      .answers({204});
  router.add({Method::get, "/game-kinds", kRead, "Kinds of games: fields and defaults", "",
              "GameKindList",
              [](Call&, const Reply& reply) { reply.json(GameService::kinds_json()); }});
}

void add_link_control(api::Router& router, GameService& service) {
  router.add({Method::post, "/games/{name}/connect", kWrite, "Connect, also after a refusal", "",
              "Game", [&service](Call& call, const Reply& reply) {
                if (auto done = service.connect(call.param("name")); !done) {
                  return reply.error(done.error());
                }
                answer_game(service, call.param("name"), reply, 200);
              }});
  router.add({Method::post, "/games/{name}/disconnect", kWrite,
              "Disconnect, until connect or the daemon's next start", "", "Game",
              [&service](Call& call, const Reply& reply) {
                if (auto done = service.disconnect(call.param("name")); !done) {
                  return reply.error(done.error());
                }
                answer_game(service, call.param("name"), reply, 200);
              }});
}

std::string reply_json(const SendReply& sent) {
  const auto ms = [](Nanos t) { return std::chrono::duration<double, std::milli>(t).count(); };
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("text", sent.text).field("truncated", sent.truncated);
  w.field("waited_ms", ms(sent.waited)).field("response_ms", ms(sent.response)).end_object();
  return out;
}

// A macro that runs in another program sends in its own name: what it does counts for its rules,
// and its end fences it here too. Errors: permission_denied, failed_precondition.
Result<std::string> macro_sender(const Call& call, const MacroRuns& macro_runs,
                                 const std::string& macro_id) {
  if (!call.principal->has_scope(kActsForMacro)) {
    return Error{Errc::permission_denied,
                 "macro_id: acting for a macro needs " + std::string(kActsForMacro)};
  }
  if (!macro_runs(macro_id)) {
    return Error{Errc::failed_precondition, "macro_id: no macro " + macro_id + " runs"};
  }
  return "macro:" + macro_id;
}

void send_command(GameService& service, const MacroRuns& macro_runs, const Call& call,
                  const Reply& reply) {
  SendRequest request{.game = call.param("name"), .actor = "console"};
  std::int64_t timeout_ms = 30'000;
  JsonReader reader(call.body, "");
  reader.require("command");
  reader.string("command", request.command, 8192);
  reader.boolean("confirmed", request.confirmed);
  reader.integer("timeout_ms", timeout_ms, 1, 600'000);
  std::string macro_id;
  reader.string("macro_id", macro_id, 64);
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  const auto& who = *call.principal;
  if (auto may = service.may_send(request.game, who.name, who.role, is_admin(call)); !may) {
    return reply.error(may.error());
  }
  request.timeout = Millis(timeout_ms);
  request.correlation_id = call.correlation_id;
  request.sender = "user:" + who.name;
  if (!macro_id.empty()) {
    auto sender = macro_sender(call, macro_runs, macro_id);
    if (!sender) return reply.error(sender.error());
    request.sender = std::move(*sender);
    request.actor = "macros";
  }
  service.send(std::move(request), [reply](const Result<SendReply>& sent) {
    if (!sent) return reply.error(sent.error());
    reply.json(reply_json(*sent));
  });
}

template <typename T>
bool read_query(const Call& call, std::string_view key, T& out, T least, T most) {
  const auto text = call.request.query_param(key);
  if (!text) return true;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  return error == std::errc() && end == text->data() + text->size() && out >= least && out <= most;
}

void show_history(const GameService& service, const Call& call, const Reply& reply) {
  std::uint64_t after = 0;
  std::size_t limit = 100;
  if (!read_query<std::uint64_t>(call, "after", after, 0, ~std::uint64_t{0} >> 1)) {
    return reply.problem(invalid({{"after", "expected a number of an entry"}}));
  }
  if (!read_query<std::size_t>(call, "limit", limit, 1, History::kEntries)) {
    return reply.problem(invalid({{"limit", "expected a whole number from 1 to 500"}}));
  }
  auto json = service.history_json(call.param("name"), after, limit);
  if (!json) return reply.error(json.error());
  reply.json(std::move(*json));
}

void add_console(api::Router& router, GameService& service, MacroRuns macro_runs) {
  router.add({Method::post, "/games/{name}/commands", kSend,
              "Send a command and wait for its answer", "GameCommand", "GameReply",
              [&service, runs = std::move(macro_runs)](Call& call, const Reply& reply) {
                send_command(service, runs, call, reply);
              }});
  router
      .add({Method::get, "/games/{name}/history", kRead, "The console: newest last, after a number",
            "", "GameHistory",
            [&service](Call& call, const Reply& reply) { show_history(service, call, reply); }})
      .query({{"after", "integer", "Number of the last entry known"},
              {"limit", "integer", "1 to 500"}});
  router
      .add({Method::get, "/games/{name}/completions", kRead, "Commands that begin with prefix", "",
            "GameCompletions",
            [&service](Call& call, const Reply& reply) {
              auto json = service.completions_json(call.param("name"),
                                                   call.request.query_param("prefix").value_or(""));
              if (!json) return reply.error(json.error());
              reply.json(std::move(*json));
            }})
      .query({{"prefix", "string", ""}});
}

void add_schemas(api::Router& router) {
  const std::vector<api::Field> settings{
      {"name", "string", "a-z, 0-9, _ and -", true},
      {"kind", "string", "Of /api/game-kinds", true},
      {"host", "string", "Name or address"},
      {"port", "integer", ""},
      {"enabled", "boolean", "Connect by itself"},
      {"options", "map:string", "Of the kind"},
      {"rate_per_s", "number", "Commands; 0.1 to 1000"},
      {"burst", "integer", "Commands at once after a rest"},
      {"adaptive_pace", "boolean", "Slower while the game is behind its clock"},
      {"in_flight", "integer", "Commands that may wait for an answer; one of them may be no query"},
      {"reply_timeout_ms", "integer", "100 to 15000"},
      {"output_limit", "integer", "Bytes of one answer"},
      {"allow", "string[]", "Empty: every command"},
      {"dangerous", "string[]", "These need a confirmation"},
      {"queries", "string[]", "Change nothing: these may fill the places in flight"},
      {"users", "string[]", "May send; with roles empty too: everybody with games:send"},
      {"roles", "string[]", "May send"}};
  auto request = settings;
  request.push_back({"password", "string", "Never shown; absent keeps it, \"\" takes it away"});
  for (auto& field : request) field.required = field.name == "name" || field.name == "kind";
  auto game = settings;
  for (auto& field : game) field.required = true;
  game.push_back({"has_password", "boolean", "", true});
  game.push_back({"state", "stopped|connecting|authenticating|ready|waiting|failed", "", true});
  game.push_back({"reason", "string", "Why it is not ready", true});
  game.push_back({"health", "#GameHealth", "", true});
  router.add_schema({"GameSettings", std::move(request)});
  router.add_schema({"Game", std::move(game)});
  router.add_schema({"GameHealth",
                     {{"tick_ratio", "number", "1: on time", true, true},
                      {"latency_ms", "number", "", true, true},
                      {"response_time_ms", "number", "Of the last command", true, true},
                      {"pace_per_s", "number", "Below rate_per_s while the game is behind", true},
                      {"waiting", "integer", "Commands", true},
                      {"in_flight", "integer", "Commands", true}}});
  router.add_schema({"GameList", {{"items", "#Game[]", "", true}}});
  router.add_schema(
      {"GameKindList", {{"items", "object[]", "Fields and defaults for forms", true}}});
}

void add_console_schemas(api::Router& router) {
  router.add_schema({"GameCommand",
                     {{"command", "string", "One line", true},
                      {"confirmed", "boolean", "Needed by a dangerous command"},
                      {"timeout_ms", "integer", "Waiting and answer; default 30000"},
                      {"macro_id", "string",
                       "A running macro that sends it: counts for its rules, refused from its end "
                       "on; needs macros:run"}}});
  router.add_schema({"GameReply",
                     {{"text", "string", "Lines", true},
                      {"truncated", "boolean", "More came than output_limit", true},
                      {"waited_ms", "number", "For its turn", true},
                      {"response_ms", "number", "Written to complete", true}}});
  router.add_schema({"GameLine",
                     {{"game", "string", "", true},
                      {"seq", "integer", "Of the game, since the daemon's start", true},
                      {"at", "time", "", true},
                      {"kind", "command|reply|error|line|state", "", true},
                      {"sender", "string", "Of a command and its answer", true},
                      {"text", "string", "", true}}});
  router.add_schema({"GameHistory", {{"items", "#GameLine[]", "Newest last", true}}});
  router.add_schema({"GameCompletions", {{"items", "string[]", "", true}}});
}

}  // namespace

void add_games_routes(api::Router& router, GameService& service, MacroRuns macro_runs) {
  add_schemas(router);
  add_console_schemas(router);
  add_settings(router, service);
  add_link_control(router, service);
  add_console(router, service, std::move(macro_runs));
}

GameTopics::GameTopics(api::Hub& hub, GameService& service, net::Loop& loop) {
  hub.add_topic({"game:state", kRead, "Games and the state of their links", "GameList",
                 api::Delivery::latest_wins, [&service] { return service.games_json(); }});
  hub.add_topic(
      {"game:line", kRead, "One entry of a game's console", "GameLine", api::Delivery::every, {}});
  const auto publish_state = [&hub, &service] {
    if (hub.has_subscribers("game:state")) hub.publish("game:state", service.games_json());
  };
  changes_ = service.changes().subscribe([publish_state](const std::string&) { publish_state(); });
  records_ = service.records().subscribe([&hub](const HistoryEntry& entry) {
    if (hub.has_subscribers("game:line")) hub.publish("game:line", history_entry_json(entry));
  });
  refresh_ = loop.every(kRefresh, publish_state);
}

}  // namespace gk::games
