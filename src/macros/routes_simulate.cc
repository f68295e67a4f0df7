// Simulation over HTTP.
#include "macros/routes.h"
#include "macros/routes_detail.h"

namespace gk::macros {
namespace {

using api::Call;
using api::Reply;

// A time of a body, or `fallback`.
WallTime read_time(JsonReader& reader, const char* key, WallTime fallback) {
  std::string text;
  reader.string(key, text, 40);
  if (text.empty()) return fallback;
  const auto at = parse_rfc3339(text);
  if (!at) reader.complain(key, "expected a time as 2026-03-29T01:00:00Z");
  return at ? *at : fallback;
}

// The profile at `level`; what the patch tries holds whatever the level.
MacroSafetyProfile at_level(MacroSafetyProfile profile, SafetyLevel level,
                            const ProfilePatch& patch) {
  profile = with_level(std::move(profile), level);
  PerformanceThresholds& t = profile.thresholds;
  t.cpu_usage_max = patch.cpu_usage_max.value_or(t.cpu_usage_max);
  t.memory_usage_max = patch.memory_usage_max.value_or(t.memory_usage_max);
  t.fps_min = patch.fps_min.value_or(t.fps_min);
  t.latency_max = patch.latency_max.value_or(t.latency_max);
  t.response_time_max = patch.response_time_max.value_or(t.response_time_max);
  return profile;
}

// The level that is asked for, else that of the last start, else the profile's.
void choose_level(SimulateRequest& request, std::optional<SafetyLevel> asked,
                  const ProfilePatch& patch, const LastLevel& last_level) {
  if (asked || patch.safety_level) {
    request.level_source = LevelSource::request;
  } else if (last_level) {
    asked = last_level(request.profile.macro_id);
    if (asked) request.level_source = LevelSource::last_run;
  }
  if (asked) request.profile = at_level(std::move(request.profile), *asked, patch);
}

void simulate_route(Simulations& simulations, const ProfileBook& profiles, const Clock& clock,
                    const LastLevel& last_level, const Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  SimulateRequest request;
  std::string macro_id, profile, level, kind = "script";
  reader.require("macro_id");
  reader.string("macro_id", macro_id, 64);
  reader.string("profile", profile, 64);
  reader.string("safety_level", level, 16);
  const auto asked = parse_level(level);
  if (!level.empty() && !asked) {
    reader.complain("safety_level", "expected safe, risky or dangerous, got \"" + level + "\"");
  }
  reader.string("game", request.means.game, 64);
  reader.string("kind", kind, 16);
  request.to = read_time(reader, "to", clock.wall());
  request.from = read_time(reader, "from", request.to - std::chrono::hours(24));
  const JsonValue* fields = reader.member("patch");
  reader.refuse_unknown();
  Complaints complaints = reader.complaints();
  if (!valid_macro_id(macro_id)) {
    complaints.emplace_back("macro_id", "expected a-z, 0-9, _ and -, 1 to 64 characters");
  }
  if (!profile.empty() && !valid_macro_id(profile)) {
    complaints.emplace_back("profile", "expected a macro id");
  }
  if (kind != "script" && kind != "process" && kind != "external") {
    complaints.emplace_back("kind", "expected script, process or external, got \"" + kind + "\"");
  }
  ProfilePatch patch;
  if (fields != nullptr && !fields->is_null()) {
    patch = read_profile_patch(*fields, "patch", complaints,
                               [&](const auto& zone) { return profiles.zone_exists(zone); });
  }
  if (!complaints.empty()) return reply.problem(invalid(std::move(complaints)));
  request.profile = profiles.resolve(profile.empty() ? macro_id : profile, patch);
  request.profile.macro_id = macro_id;
  choose_level(request, asked, patch, last_level);
  request.means.can_throttle = kind == "script";
  request.means.can_pause = kind != "external";
  request.correlation_id = call.correlation_id;
  simulations.run(std::move(request), [reply](const Result<std::string>& result) {
    if (!result) return reply.error(result.error());
    reply.json(*result);
  });
}

void add_schemas(api::Router& router) {
  router.add_schema({"MacroSimulate",
                     {{"macro_id", "string", "Whose history", true},
                      {"profile", "string", "Whose profile; absent: its own"},
                      {"safety_level", "safe|risky|dangerous",
                       "Absent: that of patch, of the last start, or the profile's"},
                      {"patch", "#MacroProfilePatch", "Fields to try on top of the profile"},
                      {"game", "string", "Scope of the rules on a game; absent: any"},
                      {"kind", "script|process|external", "What could be done to it; script"},
                      {"from", "time", "Absent: 24 h before to"},
                      {"to", "time", "Absent: now. At most 7 days after from"}}});
  router.add_schema(
      {"MacroSimulatedDecision",
       {{"at", "time", "", true},
        {"action", "warn|clear|throttle|pause|resume|cancel|record", "Step of the ladder", true},
        {"reason", "string", "", true},
        {"rule", "string", "As in an event", true},
        {"signal", "string", "", true},
        {"value", "number", "", true},
        {"limit", "number", "", true},
        {"window", "string", "Open window of the profile", true, true},
        {"forecast", "boolean", "", true},
        {"from_aggregate", "boolean", "The value is a mean", true}}});
  router.add_schema({"MacroPossibleBreach",
                     {{"from", "time", "", true},
                      {"to", "time", "", true},
                      {"signal", "string", "", true},
                      {"worst", "number", "Largest or smallest sample", true},
                      {"limit", "number", "", true}}});
  router.add_schema({"MacroCoverage",
                     {{"signal", "string", "", true},
                      {"subject", "string", "Empty: the machine", true},
                      {"samples", "integer", "Single ones", true},
                      {"folded", "integer", "Means of aggregates", true},
                      {"known_share", "number", "Of the evaluations, 0..1", true}}});
  router.add_schema(
      {"MacroSimulation",
       {{"macro_id", "string", "", true},
        {"safety_level", "safe|risky|dangerous", "Outside of windows", true},
        {"level_from", "profile|request|last_run", "Who set it", true},
        {"from", "time", "Later than asked for when there are too many samples", true},
        {"to", "time", "", true},
        {"runs", "integer", "Of the macro in the history", true},
        {"runs_recorded", "boolean", "False: assumed to run all the time", true},
        {"evaluations", "integer", "", true},
        {"samples_used", "integer", "", true},
        {"evidence_used", "integer", "Case files of cancellations", true},
        {"gaps", "integer", "Of more than 30 s without any sample", true},
        {"unknown_share", "number", "Of the time, 0..1", true},
        {"truncated", "boolean", "More decisions than are told", true},
        {"decisions", "#MacroSimulatedDecision[]", "Oldest first", true},
        {"possible", "#MacroPossibleBreach[]", "Limits that an aggregate may hide", true},
        {"coverage", "#MacroCoverage[]", "", true}}});
}

}  // namespace

void add_simulate_route(api::Router& router, Simulations& simulations, const ProfileBook& profiles,
                        const Clock& clock, LastLevel last_level) {
  add_schemas(router);
  router.add({net::Method::post, "/macro-safety/simulate", "macros:read",
              "What a profile would have decided over recorded history; never acts",
              "MacroSimulate", "MacroSimulation",
              [&simulations, &profiles, &clock, last_level = std::move(last_level)](
                  Call& call, const Reply& reply) {
                simulate_route(simulations, profiles, clock, last_level, call, reply);
              }});
}

}  // namespace gk::macros
