#include "macros/routes.h"

#include <algorithm>
#include <charconv>

#include "macros/routes_detail.h"

namespace gk::macros {

namespace {

using api::Call;
using api::Reply;
using net::Method;

// Reads the body of start; complaints go to the answer.
StartRequest read_start(const Call& call, JsonReader& reader) {
  StartRequest request;
  reader.require("macro_id");
  reader.string("macro_id", request.macro_id, 64);
  reader.string("macro_name", request.macro_name, 128);
  reader.string("profile", request.profile, 64);
  std::string level, session;
  reader.string("safety_level", level, 16);
  if (!level.empty()) {
    request.safety_level = parse_level(level);
    if (!request.safety_level) reader.complain("safety_level", "expected safe, risky or dangerous");
  }
  reader.string("session_id", session, 128);
  if (!session.empty()) request.session_id = session;
  std::string protocol;
  reader.string("protocol", protocol, 16);
  request.json_lines = protocol == "json-lines";
  if (!protocol.empty() && !request.json_lines) reader.complain("protocol", "expected json-lines");
  reader.string("script", request.script, 64);
  reader.string("game", request.game, 64);
  std::int64_t pid = 0;
  reader.integer("pid", pid, 2, 4'194'304);
  if (pid > 0) request.pid = static_cast<int>(pid);
  if (const JsonValue* args = reader.member("args"); args != nullptr && !args->is_null()) {
    request.args_json = to_json(*args);
    if (request.args_json.size() > 16 * 1024) reader.complain("args", "longer than 16 KiB");
  }
  if (const JsonValue* words = reader.member("command"); words != nullptr && !words->is_null()) {
    const bool fits =
        words->is_array() && !words->as_array().empty() && words->as_array().size() <= 64 &&
        std::all_of(words->as_array().begin(), words->as_array().end(), [](const JsonValue& w) {
          return w.is_string() && w.as_string().size() <= 1024 &&
                 w.as_string().find('\0') == std::string::npos;
        });
    if (!fits) {
      reader.complain("command", "expected 1 to 64 strings of at most 1024 bytes without NUL");
    } else {
      for (const JsonValue& word : words->as_array()) request.command.push_back(word.as_string());
      if (!request.command[0].starts_with('/')) {
        reader.complain("command", "expected an absolute path as the first word");
      }
    }
  }
  reader.refuse_unknown();
  request.is_admin = call.principal->has_scope("macros:admin");
  request.role = call.principal->role;
  request.any_game = call.principal->has_scope("games:write");
  request.caller_uid = call.request.peer.uid;
  request.caller_pid = call.request.peer.pid;
  using Kind = api::CredentialKind;
  const Kind kind = call.principal->kind;
  if (kind == Kind::token || kind == Kind::api_token) {
    request.caller_token = call.principal->session_id;
  }
  request.by = call.principal->name;
  request.correlation_id = call.correlation_id;
  return request;
}

void add_control(api::Router& router, MacroService& service) {
  router
      .add({Method::post, "/macro-safety/start", "macros:run", "Start or register a macro",
            "MacroStart", "MacroActive",
            [&service](Call& call, const Reply& reply) {
              JsonReader reader(call.body, "");
              StartRequest request = read_start(call, reader);
              if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
              service.start(std::move(request), [reply](const Result<std::string>& started) {
                if (!started && started.error().code == Errc::failed_precondition) {
                  return reply.problem(
                      {.type = "macro-blocked", .detail = started.error().message});
                }
                if (!started) return reply.error(started.error());
                reply.json(*started, 201);
              });
            }})
      .answers({201});
  router.add(
      {Method::post, "/macro-safety/stop/{macro_id}", "macros:run", "Stop a macro", "",
       "MacroStopped", [&service](Call& call, const Reply& reply) {
         const std::string id = call.param("macro_id");
         const auto stopped = [reply, id](bool gone) {
           std::string out;
           JsonWriter(out).begin_object().field("macro_id", id).field("stopped", gone).end_object();
           reply.json(std::move(out));
         };
         const auto begun = service.stop(id, stopped, call.principal->name, call.request.peer.pid);
         if (!begun) reply.error(begun.error());
       }});
  router.add({Method::post, "/macro-safety/stop-all", "macros:run", "Emergency stop", "",
              "MacroStoppedAll", [&service](Call& call, const Reply& reply) {
                const std::size_t n = service.stop_all("Emergency stop by " + call.principal->name);
                reply.json("{\"stopped\":" + std::to_string(n) + "}");
              }});
  router.add({Method::post, "/macro-safety/check", "macros:run", "Evaluate the rules now", "",
              "MacroEvents", [&service](Call&, const Reply& reply) {
                std::string out = "{\"cancellations\":[";
                for (const auto& event : service.check()) {
                  if (out.back() == '}') out += ',';
                  out += event_json(event);
                }
                reply.json(out + "]}");
              }});
}

void add_quarantine(api::Router& router, MacroService& service) {
  router.add({Method::get, "/macro-safety/quarantine", "macros:read",
              "Macros that may not start again yet", "", "MacroQuarantine",
              [&service](Call&, const Reply& reply) {
                std::string out;
                JsonWriter w(out);
                w.begin_object().key("items").begin_array();
                for (const auto& [id, entry] : service.quarantine().entries()) {
                  w.begin_object().field("macro_id", id).field("strikes", entry.strikes);
                  w.field("until", entry.until);
                  w.field("needs_confirmation", entry.needs_confirmation);
                  w.field("reason", entry.reason).end_object();
                }
                w.end_array().end_object();
                reply.json(std::move(out));
              }});
  router.add(
      {Method::post, "/macro-safety/quarantine/{macro_id}/lift", "macros:admin",
       "Let a macro start again", "", "MacroLifted", [&service](Call& call, const Reply& reply) {
         const std::string id = call.param("macro_id");
         service.lift_quarantine(id, call.principal->name, [reply, id](const Result<void>& lifted) {
           if (!lifted) return reply.error(lifted.error());
           std::string out;
           JsonWriter(out).begin_object().field("macro_id", id).field("lifted", true).end_object();
           reply.json(std::move(out));
         });
       }});
}

void add_more_control(api::Router& router, MacroService& service) {
  router.add({Method::post, "/macro-safety/pause/{macro_id}", "macros:run", "Pause a macro", "",
              "MacroPaused", [&service](Call& call, const Reply& reply) {
                const auto done =
                    service.pause(call.param("macro_id"), "Paused by " + call.principal->name);
                if (!done) return reply.error(done.error());
                reply.json("{\"macro_id\":\"" + call.param("macro_id") + "\",\"paused\":true}");
              }});
  router.add({Method::post, "/macro-safety/resume/{macro_id}", "macros:run", "Resume a macro", "",
              "MacroPaused", [&service](Call& call, const Reply& reply) {
                const auto done = service.resume(call.param("macro_id"));
                if (!done) return reply.error(done.error());
                reply.json("{\"macro_id\":\"" + call.param("macro_id") + "\",\"paused\":false}");
              }});
  router.add({Method::post, "/macro-safety/log", "macros:run", "Write the cancellation log", "",
              "MacroLog", [&service](Call&, const Reply& reply) {
                service.write_log([&service, reply](const Result<std::string>& path) {
                  if (!path) return reply.error(path.error());
                  std::string out;
                  JsonWriter(out)
                      .begin_object()
                      .field("path", *path)
                      .field("total_cancellations", service.total_cancellations())
                      .end_object();
                  reply.json(std::move(out));
                });
              }});
}

// Newest first, from memory; `cursor` is the id of the last item of the page before.
void list_events(const MacroService& service, const Call& call, const Reply& reply) {
  std::size_t limit = 100;
  if (const auto text = call.request.query_param("limit")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (error != std::errc() || end != text->data() + text->size() || limit < 1 || limit > 1000) {
      return reply.problem(invalid({{"limit", "expected a whole number from 1 to 1000"}}));
    }
  }
  const auto& events = service.events();
  std::size_t next = events.size();
  if (const auto cursor = call.request.query_param("cursor")) {
    while (next > 0 && events[next - 1].id != *cursor) --next;
    if (next == 0) return reply.problem(invalid({{"cursor", "no such cancellation any more"}}));
    --next;
  }
  std::string out = "{\"items\":[", last;
  for (std::size_t n = 0; n < limit && next > 0; ++n, --next) {
    if (n > 0) out += ',';
    out += event_json(events[next - 1]);
    last = events[next - 1].id;
  }
  out += "],\"next_cursor\":";
  out += next > 0 ? "\"" + last + "\"" : "null";
  reply.json(out + "}");
}

void send_evidence(MacroService& service, const Call& call, const Reply& reply) {
  const std::string id = call.param("id");
  const auto& events = service.events();
  std::string event;
  for (std::size_t i = events.size(); i > 0 && event.empty(); --i) {
    if (events[i - 1].id == id) event = event_json(events[i - 1]);
  }
  if (event.empty()) {
    return reply.error(Error{Errc::not_found, "no cancellation " + id});
  }
  service.load_evidence(id, [reply, event](const Result<std::string>& evidence) {
    if (!evidence) return reply.error(evidence.error());
    reply.json("{\"event\":" + event + "," + evidence->substr(1));
  });
}

void wait_for_change(MacroService& service, const Call& call, const Reply& reply) {
  std::int64_t seconds = 30;
  if (const auto text = call.request.query_param("timeout_s")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc() || end != text->data() + text->size() || seconds < 0 || seconds > 30) {
      return reply.problem(invalid({{"timeout_s", "expected a whole number from 0 to 30"}}));
    }
  }
  const std::string known = call.request.query_param("state").value_or("running");
  const auto waits = service.wait(
      call.param("macro_id"), known, Seconds(seconds), [reply](const WaitAnswer& answer) {
        std::string out;
        JsonWriter w(out);
        w.begin_object().field("macro_id", answer.macro_id);
        w.field("state", answer.state).key("reason");
        w.value(answer.reason.empty() ? std::nullopt : std::optional(answer.reason));
        w.end_object();
        reply.json(std::move(out));
      });
  if (!waits) reply.error(waits.error());
}

std::string output_json(const ProgramOutput& output) {
  std::optional<int> code, signal;
  if (output.status && output.status->signal > 0) signal = output.status->signal;
  if (output.status && !signal) code = output.status->code;
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("macro_id", output.macro_id).field("output", output.text);
  w.field("exit_code", code).field("signal", signal).field("ended_at", output.ended_at);
  w.end_object();
  return out;
}

void add_views(api::Router& router, MacroService& service) {
  router.add({Method::get, "/macro-safety/status", "macros:read", "State of the watch", "",
              "MacroStatus",
              [&service](Call&, const Reply& reply) { reply.json(service.status_json()); }});
  router.add({Method::get, "/macro-safety/active-macros", "macros:read", "Macros that run", "",
              "MacroActiveList",
              [&service](Call&, const Reply& reply) { reply.json(service.active_json()); }});
  router
      .add({Method::get, "/macro-safety/cancellations", "macros:read",
            "Cancellations, newest first", "", "MacroEventPage",
            [&service](Call& call, const Reply& reply) { list_events(service, call, reply); }})
      .query({api::kLimit, api::kCursor});
  router.add({Method::get, "/macro-safety/cancellations/{id}/evidence", "macros:read",
              "Why a macro was cancelled", "", "MacroEvidence",
              [&service](Call& call, const Reply& reply) { send_evidence(service, call, reply); }});
  router.add({Method::get, "/macro-safety/report", "macros:read", "Summary", "", "MacroReport",
              [&service](Call&, const Reply& reply) { reply.json(service.report_json()); }});
  router
      .add({Method::get, "/macro-safety/external/{macro_id}/wait", "macros:run",
            "Long poll: answers when the state changes, at most 30 s", "", "MacroWait",
            [&service](Call& call, const Reply& reply) { wait_for_change(service, call, reply); }})
      .query({{"timeout_s", "integer", "0 to 30, default 30"},
              {"state", "string", "Known state, default running"}});
  router.add({Method::get, "/macro-safety/output/{macro_id}", "macros:admin",
              "The last 64 KiB that a process macro printed, and how it ended", "", "MacroOutput",
              [&service](Call& call, const Reply& reply) {
                const auto output = service.output(call.param("macro_id"));
                if (!output) return reply.error(output.error());
                reply.json(output_json(*output));
              }});
}

std::string notice_json(const MacroNotice& notice) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("macro_id", notice.macro_id).field("reason", notice.reason).end_object();
  return out;
}

}  // namespace

void add_macros_routes(api::Router& router, MacroService& service, ProfileBook& profiles,
                       const Clock& clock) {
  add_macros_schemas(router);
  add_control(router, service);
  add_more_control(router, service);
  add_quarantine(router, service);
  add_views(router, service);
  add_profile_routes(router, profiles, clock);
}

MacroTopics::MacroTopics(api::Hub& hub, MacroService& service) {
  using api::Delivery;
  hub.add_topic(
      {"macro:started", "macros:read", "A macro runs", "MacroNotice", Delivery::every, {}});
  hub.add_topic(
      {"macro:paused", "macros:read", "A macro was paused", "MacroNotice", Delivery::every, {}});
  hub.add_topic({"macro:cancelled",
                 "macros:read",
                 "A macro was cancelled",
                 "MacroEvent",
                 Delivery::every,
                 {}});
  hub.add_topic({"macro:updated", "macros:read", "The macros that run", "MacroActiveList",
                 Delivery::latest_wins, [&service] { return service.active_json(); }});
  cancelled_ = service.cancelled().subscribe([&hub](const CancellationEvent& event) {
    hub.publish("macro:cancelled", event_json(event));
  });
  notices_ = service.notices().subscribe([&hub, &service](const MacroNotice& notice) {
    if (notice.kind == MacroNotice::Kind::started)
      hub.publish("macro:started", notice_json(notice));
    if (notice.kind == MacroNotice::Kind::paused) hub.publish("macro:paused", notice_json(notice));
    if (hub.has_subscribers("macro:updated")) hub.publish("macro:updated", service.active_json());
  });
}

}  // namespace gk::macros
