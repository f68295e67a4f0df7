#include "macros/scripts/routes.h"

#include <charconv>
#include <deque>

#include "macros/routes_detail.h"
#include "macros/rules/safety_profile.h"
#include "macros/scripts/routes_detail.h"

namespace gk::macros {
namespace {

using api::Call;
using api::Reply;
using net::Method;

std::optional<std::int64_t> whole(const std::string& text, std::int64_t least, std::int64_t most) {
  std::int64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out < least || out > most ? std::nullopt : std::optional(out);
}

void answer_entry(const ScriptLibrary& library, const std::string& name, const Reply& reply,
                  int status) {
  const LibraryEntry* entry = library.find(name);
  if (entry == nullptr) return reply.error(Error{Errc::not_found, "no macro " + name});
  reply.json(script_json(*entry, true), status);
}

void answer_change(const ScriptLibrary& library, const std::string& name, const Reply& reply,
                   int status, const Result<void>& changed) {
  if (!changed) return reply.error(changed.error());
  answer_entry(library, name, reply, status);
}

/// `source` is a text, `steps` an object: either.
void read_source(JsonReader& reader, std::optional<std::string>& out, ScriptKind kind) {
  std::string source;
  reader.string("source", source, ScriptLimits::kMaxSourceBytes);
  if (!source.empty()) out = std::move(source);
  const JsonValue* steps = reader.member("steps");
  if (steps == nullptr || steps->is_null()) return;
  if (out || kind == ScriptKind::lua) {
    return reader.complain("steps", "expected either source or steps, and steps not for Lua");
  }
  out = to_json(*steps);
}

void put(const ScriptServices& services, const Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  ScriptPut request;
  request.name = call.param("name");
  request.by = call.principal->name;
  const LibraryEntry* present = services.library.find(request.name);
  std::string kind;
  reader.string("kind", kind, 8);
  request.kind = parse_kind(kind);
  if (!request.kind && !kind.empty()) reader.complain("kind", "expected lua or steps");
  const ScriptKind known =
      request.kind.value_or(present ? present->script.kind : ScriptKind::steps);
  read_source(reader, request.source, known);
  if (request.source && !request.kind && present == nullptr) request.kind = known;
  std::int64_t expected = -1;
  reader.integer("expected_version", expected, 0, 1'000'000'000);
  if (expected >= 0) request.expected_version = expected;
  request.settings = read_settings(reader, present ? present->script.settings : ScriptSettings{});
  check_zone(reader, request.settings);
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  const std::string name = request.name;
  const int status = present == nullptr ? 201 : 200;
  services.library.put(std::move(request),
                       [&library = services.library, name, reply, status](const Result<void>& r) {
                         answer_change(library, name, reply, status, r);
                       });
}

void enable(const ScriptServices& services, const Call& call, const Reply& reply, bool on) {
  const std::string name = call.param("name");
  const LibraryEntry* entry = services.library.find(name);
  if (entry == nullptr) return reply.error(Error{Errc::not_found, "no macro " + name});
  ScriptPut request{.name = name, .settings = entry->script.settings, .by = call.principal->name};
  request.settings.enabled = on;
  services.library.put(std::move(request),
                       [&library = services.library, name, reply](const Result<void>& changed) {
                         answer_change(library, name, reply, 200, changed);
                       });
}

void add_library(api::Router& router, const ScriptServices& services) {
  router.add({Method::get, "/macro-scripts", "macros:read", "The macro library", "",
              "MacroScriptList", [services](Call&, const Reply& reply) {
                std::string out = "{\"items\":[";
                for (const auto& [name, entry] : services.library.entries()) {
                  if (out.back() == '}') out += ',';
                  out += script_json(entry, false);
                }
                reply.json(out + "],\"next_cursor\":null}");
              }});
  router.add({Method::get, "/macro-scripts/{name}", "macros:read", "A macro with its text", "",
              "MacroScript",
              [services](Call& call, const Reply& reply) {
                answer_entry(services.library, call.param("name"), reply, 200);
              },
              false, false, api::Versions::optional});
  router
      .add({Method::put, "/macro-scripts/{name}", "macros:admin",
            "Add a macro, or change its text or settings", "MacroScriptPut", "MacroScript",
            [services](Call& call, const Reply& reply) { put(services, call, reply); }})
      .answers({200, 201});
  router.add({Method::del, "/macro-scripts/{name}", "macros:admin",
              "Remove a macro with its versions and what it remembers", "", "MacroScriptRemoved",
              [services](Call& call, const Reply& reply) {
                const std::string name = call.param("name");
                services.library.remove(name, [name, reply](const Result<void>& removed) {
                  if (!removed) return reply.error(removed.error());
                  reply.json("{\"name\":\"" + name + "\",\"removed\":true}");
                });
              }});
  router.add({Method::post, "/macro-scripts/{name}/enable", "macros:admin",
              "Allow a macro to start", "", "MacroScript",
              [services](Call& call, const Reply& reply) { enable(services, call, reply, true); }});
  router.add(
      {Method::post, "/macro-scripts/{name}/disable", "macros:admin",
       "Forbid a macro to start; a run goes on", "", "MacroScript",
       [services](Call& call, const Reply& reply) { enable(services, call, reply, false); }});
}

void add_versions(api::Router& router, const ScriptServices& services) {
  router.add({Method::get, "/macro-scripts/{name}/versions", "macros:read",
              "The last 20 texts of a macro, newest first", "", "MacroScriptVersions",
              [services](Call& call, const Reply& reply) {
                services.library.versions(
                    call.param("name"),
                    [reply](const Result<std::vector<ScriptVersion>>& versions) {
                      if (!versions) return reply.error(versions.error());
                      std::string out;
                      JsonWriter w(out);
                      w.begin_object().key("items").begin_array();
                      for (const auto& v : *versions) {
                        w.begin_object().field("version", v.version).field("saved_at", v.saved_at);
                        w.field("saved_by", v.saved_by).field("bytes", v.bytes).end_object();
                      }
                      w.end_array().end_object();
                      reply.json(std::move(out));
                    });
              }});
  router.add({Method::get, "/macro-scripts/{name}/versions/{version}", "macros:read",
              "The text of a version", "", "MacroScriptText",
              [services](Call& call, const Reply& reply) {
                const auto version = whole(call.param("version"), 1, 1'000'000'000);
                const std::string name = call.param("name");
                if (!version) return reply.error(Error{Errc::not_found, "no such version"});
                services.library.version(name, *version,
                                         [name, version, reply](const Result<std::string>& source) {
                                           if (!source) return reply.error(source.error());
                                           std::string out;
                                           JsonWriter(out)
                                               .begin_object()
                                               .field("name", name)
                                               .field("version", *version)
                                               .field("source", *source)
                                               .end_object();
                                           reply.json(std::move(out));
                                         });
              }});
  router.add({Method::post, "/macro-scripts/{name}/versions/{version}/restore", "macros:admin",
              "Make the text of an older version the newest", "", "MacroScript",
              [services](Call& call, const Reply& reply) {
                const auto version = whole(call.param("version"), 1, 1'000'000'000);
                const std::string name = call.param("name");
                if (!version) return reply.error(Error{Errc::not_found, "no such version"});
                services.library.bring_back(
                    name, *version, call.principal->name,
                    [&library = services.library, name, reply](const Result<void>& changed) {
                      answer_change(library, name, reply, 200, changed);
                    });
              }});
}

void import_bundle(const ScriptServices& services, Call& call, const Reply& reply) {
  ScriptLibrary::Import how{.by = call.principal->name};
  for (const auto& [key, flag] :
       {std::pair{"replace", &how.replace}, std::pair{"keep_settings", &how.keep_settings}}) {
    const std::string word = call.request.query_param(key).value_or("false");
    if (word != "true" && word != "false") {
      return reply.problem(invalid({{key, "expected true or false"}}));
    }
    *flag = word == "true";
  }
  services.library.import_json(std::move(call.body), how,
                               [reply](const Result<std::vector<std::string>>& names) {
                                 if (!names) return reply.error(names.error());
                                 std::string out;
                                 JsonWriter w(out);
                                 w.begin_object().key("imported").begin_array();
                                 for (const auto& name : *names) w.value(name);
                                 w.end_array().end_object();
                                 reply.json(std::move(out), 201);
                               });
}

void validate(const ScriptServices& services, const Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  std::string kind = "steps", level = "complete", name = "macro";
  reader.string("kind", kind, 8);
  reader.string("level", level, 16);
  reader.string("name", name, 64);
  const auto known_kind = parse_kind(kind);
  const auto known_level = parse_check_level(level);
  if (!known_kind) reader.complain("kind", "expected lua or steps");
  if (!known_level) reader.complain("level", "expected basic, strict or complete");
  std::optional<std::string> source;
  read_source(reader, source, known_kind.value_or(ScriptKind::steps));
  if (!source) reader.complain("source", "is required, or steps");
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  services.library.check(*known_kind, name, *source, *known_level,
                         [reply](const CheckReport& r) { reply.json(check_report_json(r)); });
}

void add_exchange(api::Router& router, const ScriptServices& services) {
  router
      .add({Method::get, "/macro-scripts/export", "macros:read",
            "Macros as a bundle: all, or those of ?names=a,b", "", "MacroScriptBundle",
            [services](Call& call, const Reply& reply) {
              std::vector<std::string> names;
              const std::string asked = call.request.query_param("names").value_or("");
              std::string_view rest = asked;
              while (!rest.empty()) {
                const std::size_t end = std::min(rest.find(','), rest.size());
                names.emplace_back(rest.substr(0, end));
                rest.remove_prefix(std::min(end + 1, rest.size()));
              }
              auto bundle = services.library.export_json(names);
              if (!bundle) return reply.error(bundle.error());
              reply.json(std::move(*bundle));
            }})
      .query({{"names", "string", "a,b; absent: all"}});
  router
      .add({Method::post, "/macro-scripts/import", "macros:admin",
            "Add the macros of a bundle, all or none: disabled and without schedule unless "
            "?keep_settings=true; ?replace=true replaces",
            "MacroScriptBundle", "MacroScriptImported",
            [services](Call& call, const Reply& reply) { import_bundle(services, call, reply); }})
      .answers({201})
      .import_body()
      .query({{"replace", "boolean", "Replace macros of the same name"},
              {"keep_settings", "boolean", "Enabled and schedule as in the bundle"}});
  router.add({Method::post, "/macro-scripts/validate", "macros:read", "Check a text", "MacroCheck",
              "MacroCheckReport",
              [services](Call& call, const Reply& reply) { validate(services, call, reply); }});
}

void run_now(const ScriptServices& services, const Call& call, const Reply& reply) {
  const std::string name = call.param("name");
  const LibraryEntry* entry = services.library.find(name);
  if (entry == nullptr) return reply.error(Error{Errc::not_found, "no macro " + name});
  JsonReader reader(call.body, "");
  ScriptStart start{.macro_id = name, .script = name, .by = call.principal->name};
  start.correlation_id = call.correlation_id;
  reader.string("macro_id", start.macro_id, 64);
  reader.string("game", start.game, 64);
  if (const JsonValue* args = reader.member("args"); args != nullptr && !args->is_null()) {
    start.args_json = to_json(*args);
    if (!args->is_object() || start.args_json.size() > ScriptLimits::kMaxArgsBytes) {
      reader.complain("args", "expected an object of at most 16 KiB");
    }
  }
  start.profile = entry->script.settings.profile;
  reader.string("profile", start.profile, 64);
  std::string level;
  reader.string("safety_level", level, 16);
  if (!level.empty()) start.safety_level = parse_level(level);
  if (!level.empty() && !start.safety_level) {
    reader.complain("safety_level", "expected safe, risky or dangerous");
  }
  reader.refuse_unknown();
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  start.is_admin = call.principal->has_scope("macros:admin");
  start.role = call.principal->role;
  start.any_game = call.principal->has_scope("games:write");
  services.starter.start(std::move(start), [reply](const Result<std::string>& started) {
    if (!started) return reply.error(started.error());
    reply.json(*started, 201);
  });
}

void next_starts(const ScriptServices& services, const Call& call, const Reply& reply) {
  const auto count = whole(call.request.query_param("n").value_or("5"), 1, 100);
  if (!count) return reply.problem(invalid({{"n", "expected a whole number from 1 to 100"}}));
  const auto moments =
      services.scheduler.next(call.param("name"), static_cast<std::size_t>(*count));
  if (!moments) return reply.error(moments.error());
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("name", call.param("name")).key("next").begin_array();
  for (const WallTime moment : *moments) w.value(moment);
  w.end_array().end_object();
  reply.json(std::move(out));
}

void add_running(api::Router& router, const ScriptServices& services) {
  router
      .add({Method::post, "/macro-scripts/{name}/run", "macros:run", "Start a macro now",
            "MacroScriptRun", "MacroActive",
            [services](Call& call, const Reply& reply) { run_now(services, call, reply); }})
      .answers({201});
  router
      .add({Method::get, "/macro-scripts/{name}/schedule/next", "macros:read",
            "The next starts by its schedule (?n=5)", "", "MacroScriptNext",
            [services](Call& call, const Reply& reply) { next_starts(services, call, reply); }})
      .query({{"n", "integer", "How many, 1 to 100, default 5"}});
}

}  // namespace

void add_script_routes(api::Router& router, const ScriptServices& services) {
  add_script_schemas(router);
  add_library(router, services);
  add_versions(router, services);
  add_exchange(router, services);
  add_running(router, services);
  add_script_log_route(router, services);
}

ScriptTopics::ScriptTopics(api::Hub& hub, const ScriptServices& services) {
  using api::Delivery;
  hub.add_topic({"script:changed",
                 "macros:read",
                 "A macro of the library was saved or removed",
                 "MacroScriptChanged",
                 Delivery::every,
                 {}});
  hub.add_topic({"script:log",
                 "macros:read",
                 "A line of a macro's log",
                 "MacroScriptLogLine",
                 Delivery::every,
                 {}});
  changed_ = services.library.changed().subscribe([&hub](const ScriptChanged& change) {
    const bool saved = change.kind == ScriptChanged::Kind::saved;
    hub.publish("script:changed", "{\"name\":\"" + change.name + "\",\"change\":\"" +
                                      (saved ? "saved" : "removed") + "\"}");
  });
  logged_ = services.runner.logged().subscribe([&hub](const ScriptLogLine& line) {
    if (!hub.has_subscribers("script:log")) return;
    std::string out;
    JsonWriter w(out);
    w.begin_object().field("macro_id", line.macro_id).field("number", line.line.number);
    w.field("at", line.line.at).field("text", line.line.text).end_object();
    hub.publish("script:log", out);
  });
}

}  // namespace gk::macros
