// The named bodies of this room's routes, for OpenAPI.
#include "macros/routes_detail.h"

namespace gk::macros {
namespace {

void add_running(api::Router& router) {
  router.add_schema(
      {"MacroStart",
       {{"macro_id", "string", "a-z, 0-9, _ and -", true},
        {"macro_name", "string", "For people"},
        {"safety_level", "safe|risky|dangerous", ""},
        {"profile", "string", "Macro id whose profile holds; default macro_id"},
        {"script", "string", "Name of a macro of the library"},
        {"game", "string", "Where it acts: the scope of its rules"},
        {"args", "object",
         "Handed to a script as args, to a process macro as GAMEKEEPER_MACRO_ARGS"},
        {"pid", "integer", "Process of an external macro"},
        {"command", "string[]", "Program of a process macro; needs macros:admin"},
        {"protocol", "string",
         "json-lines: the program asks on its standard output and is answered on its input"},
        {"session_id", "string", "Kept with its cancellation"}}});
  router.add_schema({"MacroHeadroom",
                     {{"duration", "number", "0..1", true, true},
                      {"cpu_usage", "number", "0..1", true, true},
                      {"memory_usage", "number", "0..1", true, true},
                      {"fps", "number", "0..1", true, true},
                      {"latency", "number", "0..1", true, true},
                      {"response_time", "number", "0..1", true, true}}});
  router.add_schema({"MacroDemand",
                     {{"value", "number", "% of one core", true, true},
                      {"state", "known|unknown|stale", "", true},
                      {"reason", "string", "Why it is unknown", true, true},
                      {"at", "time", "", true, true}}});
  router.add_schema({"MacroActive",
                     {{"macro_id", "string", "", true},
                      {"macro_name", "string", "", true},
                      {"safety_level", "safe|risky|dangerous", "", true},
                      {"window", "string", "Open window of its profile; null: none", true, true},
                      {"kind", "external|process|script", "", true},
                      {"script", "string", "Name in the library", true, true},
                      {"game", "string", "Where it acts", true, true},
                      {"start_time", "time", "", true},
                      {"duration", "number", "s", true},
                      {"time_left", "number", "s", true},
                      {"headroom", "#MacroHeadroom", "Room left to each limit", true},
                      {"state", "running|warned|paused|cancelling", "", true},
                      {"pid", "integer", "", true, true},
                      {"demand_pct", "#MacroDemand", "CPU demand of its process tree", true},
                      {"session_id", "string", "", true, true},
                      {"reason", "string", "Of the last warning or pause", true, true},
                      {"confinement", "string", "namespace or session; null for an external macro",
                       true, true}}});
  router.add_schema({"MacroActiveList", {{"items", "#MacroActive[]", "", true}}});
  router.add_schema(
      {"MacroStopped", {{"macro_id", "string", "", true}, {"stopped", "boolean", "", true}}});
  router.add_schema(
      {"MacroPaused", {{"macro_id", "string", "", true}, {"paused", "boolean", "", true}}});
  router.add_schema({"MacroStoppedAll", {{"stopped", "integer", "Macros told to end", true}}});
  router.add_schema({"MacroWait",
                     {{"macro_id", "string", "", true},
                      {"state", "string",
                       "running, warned, paused, cancelling, cancelled, stopped or ended", true},
                      {"reason", "string", "", true, true}}});
}

// What a program printed, and what the topics tell.
void add_told(api::Router& router) {
  router.add_schema(
      {"MacroOutput",
       {{"macro_id", "string", "", true},
        {"output", "string", "", true},
        {"exit_code", "integer", "128 + signal when a signal ended the program", true, true},
        {"signal", "integer", "That ended it with everything it had started", true, true},
        {"ended_at", "time", "Null: it runs", true, true}}});
  router.add_schema(
      {"MacroNotice", {{"macro_id", "string", "", true}, {"reason", "string", "", true}}});
}

void add_quarantine(api::Router& router) {
  router.add_schema({"MacroQuarantineItem",
                     {{"macro_id", "string", "", true},
                      {"strikes", "integer", "Cancellations in a row", true},
                      {"until", "time", "May start as a trial from then on", true},
                      {"needs_confirmation", "boolean", "Waits for an admin", true},
                      {"reason", "string", "Of the last cancellation", true}}});
  router.add_schema({"MacroQuarantine", {{"items", "#MacroQuarantineItem[]", "", true}}});
  router.add_schema(
      {"MacroLifted", {{"macro_id", "string", "", true}, {"lifted", "boolean", "", true}}});
}

void add_evidence(api::Router& router) {
  router.add_schema({"MacroRule",
                     {{"signal", "string", "", true},
                      {"enter", "number", "Level at which it begins", true},
                      {"leave", "number", "Level at which it is over", true},
                      {"for_s", "number", "How long it must last", true},
                      {"min_samples", "integer", "Samples in a row", true},
                      {"limit", "number", "Of the profile", true},
                      {"measured", "string", "The series that was judged; empty: none was"},
                      {"value", "number", "That broke the rule; null: no rule", false, true},
                      {"profile", "string", "", true},
                      {"safety_level", "safe|risky|dangerous", "", true},
                      {"window", "string", "Window that was open; null: none", true, true}}});
  router.add_schema({"MacroCandidate",
                     {{"macro_id", "string", "", true},
                      {"score", "number", "0..1", true},
                      {"demand_pct", "number", "% of one core", true, true},
                      {"share", "number", "Of all demand, 0..1", true}}});
  router.add_schema({"MacroCulprit",
                     {{"needed", "boolean", "False: its own behaviour broke the limit", true},
                      {"score", "number", "Of the culprit", true},
                      {"margin", "number", "Ratio to the next score", true},
                      {"threshold", "number", "Least score of a culprit", true},
                      {"candidates", "#MacroCandidate[]", "", true}}});
  router.add_schema({"MacroStep",
                     {{"at", "time", "", true},
                      {"offset_ms", "number", "After the decision", true},
                      {"what", "string", "", true},
                      {"result", "string", "ok or an error", true}}});
  router.add_schema(
      {"MacroDecision", {{"at", "time", "", true}, {"steps", "#MacroStep[]", "", true}}});
  router.add_schema({"MacroSeries",
                     {{"signal", "string", "", true},
                      {"unit", "string", "", true},
                      {"limit", "number", "Of the profile; null: none", true, true},
                      {"points", "point[]", "Seconds after the decision, value", true}}});
  router.add_schema({"MacroEvidence",
                     {{"event", "#MacroEvent", "", true},
                      {"rule", "#MacroRule", "The limit and its hysteresis", true},
                      {"culprit", "#MacroCulprit", "Null: nobody else ran", true, true},
                      {"decision", "#MacroDecision", "", true},
                      {"series", "#MacroSeries[]", "-60 s to +30 s of every signal", true}}});
}

void add_events(api::Router& router) {
  router.add_schema({"MacroMetrics",
                     {{"cpu_usage", "number", "%", true, true},
                      {"memory_usage", "number", "%", true, true},
                      {"fps", "number", "1/s", true, true},
                      {"latency", "number", "ms", true, true},
                      {"response_time", "number", "ms", true, true}}});
  router.add_schema(
      {"MacroEvent",
       {{"id", "string", "", true},
        {"macro_id", "string", "", true},
        {"macro_name", "string", "", true},
        {"cancellation_reason", "string", "", true},
        {"rule", "string",
         "duration, cpu_usage, memory_usage, fps, latency, response_time, processes, "
         "pattern:MATCHER or emergency_stop",
         true},
        {"window", "string", "Window of the profile that was open; null: none", true, true},
        {"performance_metrics", "#MacroMetrics", "At the decision", true},
        {"timestamp", "time", "", true},
        {"session_id", "string", "", true, true},
        {"evidence_id", "string", "", true},
        {"outcome", "killed|signalled|notified|still_acting|watched|dry_run", "", true},
        {"decision_ms", "number", "Breach to decision", true, true},
        {"gone_ms", "number", "Decision to gone", true, true}}});
  router.add_schema({"MacroEvents", {{"cancellations", "#MacroEvent[]", "", true}}});
  router.add_schema(
      {"MacroEventPage",
       {{"items", "#MacroEvent[]", "", true}, {"next_cursor", "string", "", true, true}}});
  add_evidence(router);
  router.add_schema({"MacroStatus",
                     {{"monitoring_active", "boolean", "", true},
                      {"active_macros", "integer", "", true},
                      {"total_cancellations", "integer", "", true},
                      {"last_check", "time", "", true, true},
                      {"confinement", "string", "namespace or session", true}}});
  router.add_schema({"MacroReport",
                     {{"timestamp", "time", "", true},
                      {"active_macros", "integer", "", true},
                      {"total_cancellations", "integer", "", true},
                      {"performance_metrics", "#MacroMetrics", "", true},
                      {"active_macro_details", "#MacroReportActive[]", "", true},
                      {"recent_cancellations", "#MacroReportEvent[]", "", true}}});
  router.add_schema({"MacroReportActive",
                     {{"macro_id", "string", "", true},
                      {"name", "string", "", true},
                      {"duration", "number", "s", true},
                      {"safety_level", "safe|risky|dangerous", "", true}}});
  router.add_schema({"MacroReportEvent",
                     {{"macro_id", "string", "", true},
                      {"macro_name", "string", "", true},
                      {"reason", "string", "", true},
                      {"timestamp", "time", "", true}}});
  router.add_schema(
      {"MacroLog", {{"path", "string", "", true}, {"total_cancellations", "integer", "", true}}});
}

void add_windows(api::Router& router) {
  router.add_schema({"MacroProfileWindowLimits",
                     {{"cpu_usage_max", "number", "%"},
                      {"memory_usage_max", "number", "%"},
                      {"fps_min", "number", "1/s"},
                      {"latency_max", "number", "ms"},
                      {"response_time_max", "number", "ms"}}});
  router.add_schema(
      {"MacroProfileWindow",
       {{"name", "string", "Absent in a request: the cron line"},
        {"cron", "string", "When it opens: minute hour day month weekday", true},
        {"time_zone", "string", "Of the cron line; UTC when absent"},
        {"duration_s", "integer", "How long it is open, 60 to 604800", true},
        {"safety_level", "safe|risky|dangerous", ""},
        {"max_duration", "number", "s"},
        {"auto_cancel_enabled", "boolean", ""},
        {"thresholds", "#MacroProfileWindowLimits", "Absent ones stay the profile's"}}});
  router.add_schema({"MacroProfileWindowStart",
                     {{"window", "string", "Its name", true},
                      {"from", "time", "When it opens", true},
                      {"to", "time", "When it closes, unless its line comes again before", true}}});
  router.add_schema({"MacroProfileWindowsNext",
                     {{"macro_id", "string", "", true},
                      {"open", "string", "Name of the window that holds now", true, true},
                      {"until", "time", "That is certain until then; null: for good", true, true},
                      {"next", "#MacroProfileWindowStart[]", "Soonest first", true}}});
}

void add_profiles(api::Router& router) {
  router.add_schema({"MacroThresholds",
                     {{"cpu_usage_max", "number", "%", true},
                      {"memory_usage_max", "number", "%", true},
                      {"fps_min", "number", "1/s", true},
                      {"latency_max", "number", "ms", true},
                      {"response_time_max", "number", "ms", true}}});
  router.add_schema(
      {"MacroPattern",
       {{"matcher", "commands|chats|identical_commands|errors|memory_growth", "", true},
        {"count", "integer", "So many events, 2 to 1000", true},
        {"window", "number", "Within so many seconds, 1 to 300", true},
        {"action", "off|warn|throttle|pause|cancel", "", true}}});
  router.add_schema(
      {"MacroProfilePatch",
       {{"macro_id", "string", "Needed by POST"},
        {"name", "string", ""},
        {"category", "string", ""},
        {"safety_level", "safe|risky|dangerous", ""},
        {"max_duration", "number", "s"},
        {"thresholds", "#MacroThresholds", ""},
        {"auto_cancel_enabled", "boolean", "False: watch and record only"},
        {"discord_notify", "boolean", ""},
        {"description", "string", ""},
        {"dry_run", "boolean", "True: record what would be done, never act"},
        {"windows", "#MacroProfileWindow[]", "Other limits at other times; replaces all"},
        {"patterns", "#MacroPattern[]", "Each replaces the rule of its matcher"}}});
  router.add_schema({"MacroProfile",
                     {{"macro_id", "string", "", true},
                      {"name", "string", "", true},
                      {"category", "string", "", true},
                      {"safety_level", "safe|risky|dangerous", "", true},
                      {"max_duration", "number", "s", true},
                      {"thresholds", "#MacroThresholds", "", true},
                      {"auto_cancel_enabled", "boolean", "False: watch and record only", true},
                      {"discord_notify", "boolean", "", true},
                      {"description", "string", "", true},
                      {"dry_run", "boolean", "True: record what would be done, never act", true},
                      {"windows", "#MacroProfileWindow[]", "The first that is open holds", true},
                      {"patterns", "#MacroPattern[]", "Rules on what it does", true},
                      {"source", "builtin|custom|override|default", "", true},
                      {"etag", "string", "", true}}});
  router.add_schema(
      {"MacroProfileList",
       {{"items", "#MacroProfile[]", "", true}, {"next_cursor", "string", "", true, true}}});
}

}  // namespace

void add_macros_schemas(api::Router& router) {
  add_running(router);
  add_told(router);
  add_events(router);
  add_quarantine(router);
  add_windows(router);
  add_profiles(router);
  router.add_schema({"MacroOverride",
                     {{"profile", "string", "", true},
                      {"hash", "string", "BLAKE2b-256 of the file", true},
                      {"approved", "boolean", "", true},
                      {"applied", "object[]", "Changes that hold", true},
                      {"pending", "object[]", "Loosening changes that wait", true},
                      {"warnings", "string[]", "", true}}});
  router.add_schema({"MacroApproval", {{"hash", "string", "Of the loaded file", true}}});
}

}  // namespace gk::macros
