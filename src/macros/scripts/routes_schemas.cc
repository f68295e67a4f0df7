// The named bodies of this room's routes, for OpenAPI.
#include "macros/scripts/routes_detail.h"

namespace gk::macros {
namespace {

void add_bodies(api::Router& router) {
  router.add_schema({"MacroScript",
                     {{"name", "string", "a-z, 0-9, _ and -; also the macro id of its runs", true},
                      {"kind", "steps|lua", "", true},
                      {"version", "integer", "Counts its texts", true},
                      {"readable", "boolean", "False: it cannot be started", true},
                      {"description", "string", "From its text", true},
                      {"category", "string", "From its text", true},
                      {"runs_on", "string", "Game: its setting, else what its text names", true},
                      {"enabled", "boolean", "", true},
                      {"resume", "boolean", "Starts again after a restart of the daemon", true},
                      {"game", "string", "Empty: what its text names", true},
                      {"profile", "string", "Whose limits hold; empty: its own", true},
                      {"args", "object", "For starts that bring none", true, true},
                      {"schedule", "#MacroSchedule", "", true, true},
                      {"created_at", "time", "", true},
                      {"created_by", "string", "", true},
                      {"changed_at", "time", "", true},
                      {"changed_by", "string", "", true},
                      {"bytes", "integer", "Of its text", true},
                      {"source", "string", "Its text; not in a list"}}});
  router.add_schema({"MacroSchedule",
                     {{"cron", "string", "minute hour day month weekday"},
                      {"time_zone", "string", "As Europe/Berlin; default UTC"},
                      {"windows", "#MacroWindow[]", "Only inside these"}}});
  router.add_schema({"MacroWindow",
                     {{"start", "string", "HH:MM", true},
                      {"end", "string", "HH:MM; not after start: on the next day", true},
                      {"days", "string", "As the weekday of cron; default *"}}});
  router.add_schema({"MacroScriptPut",
                     {{"kind", "steps|lua", "Needed for Lua"},
                      {"source", "string", "Text, at most 256 KiB; a new name needs it or steps"},
                      {"steps", "object", "Instead of source"},
                      {"expected_version", "integer", "Refused when it is at another; 0: new"},
                      {"enabled", "boolean", ""},
                      {"resume", "boolean", ""},
                      {"game", "string", ""},
                      {"profile", "string", ""},
                      {"args", "object", "", false, true},
                      {"schedule", "#MacroSchedule", "", false, true}}});
  router.add_schema({"MacroScriptRun",
                     {{"macro_id", "string", "Default: the macro's name"},
                      {"game", "string", "Default: the macro's"},
                      {"profile", "string", "Default: the macro's, else that of the id"},
                      {"safety_level", "safe|risky|dangerous",
                       "Default: the profile's; a weaker one needs macros:admin"},
                      {"args", "object", "Default: the macro's"}}});
  router.add_schema({"MacroCheck",
                     {{"kind", "steps|lua", "Default steps"},
                      {"level", "basic|strict|complete", "Default complete"},
                      {"name", "string", "For messages"},
                      {"source", "string", ""},
                      {"steps", "object", "Instead of source"}}});
}

void add_answers(api::Router& router) {
  router.add_schema(
      {"MacroScriptList",
       {{"items", "#MacroScript[]", "", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema(
      {"MacroScriptRemoved", {{"name", "string", "", true}, {"removed", "boolean", "", true}}});
  router.add_schema({"MacroScriptVersion",
                     {{"version", "integer", "", true},
                      {"saved_at", "time", "", true},
                      {"saved_by", "string", "", true},
                      {"bytes", "integer", "", true}}});
  router.add_schema({"MacroScriptVersions", {{"items", "#MacroScriptVersion[]", "", true}}});
  router.add_schema({"MacroScriptText",
                     {{"name", "string", "", true},
                      {"version", "integer", "", true},
                      {"source", "string", "", true}}});
  router.add_schema({"MacroScriptBundle",
                     {{"gamekeeper_macros", "integer", "Format: 1", true},
                      {"scripts", "object[]", "name, kind, source and settings", true}}});
  router.add_schema({"MacroScriptImported", {{"imported", "string[]", "Names", true}}});
  router.add_schema(
      {"MacroCheckRemark",
       {{"path", "string", "As actions[3].condition", true}, {"message", "string", "", true}}});
  router.add_schema({"MacroCheckReport",
                     {{"valid", "boolean", "", true},
                      {"errors", "#MacroCheckRemark[]", "", true},
                      {"warnings", "#MacroCheckRemark[]", "What a higher level refuses", true},
                      {"action_count", "integer", "", true},
                      {"estimated_duration", "number", "s of pauses; null for Lua", true, true}}});
  router.add_schema(
      {"MacroScriptNext", {{"name", "string", "", true}, {"next", "string[]", "RFC 3339", true}}});
  router.add_schema({"MacroScriptChanged",
                     {{"name", "string", "", true}, {"change", "saved|removed", "", true}}});
  router.add_schema({"MacroScriptLine",
                     {{"number", "integer", "Counts per macro", true},
                      {"at", "time", "", true},
                      {"text", "string", "> sent, < answer, ! error", true}}});
  router.add_schema({"MacroScriptLogLine",
                     {{"macro_id", "string", "", true},
                      {"number", "integer", "Counts per macro", true},
                      {"at", "time", "", true},
                      {"text", "string", "", true}}});
  router.add_schema({"MacroScriptLog",
                     {{"macro_id", "string", "", true},
                      {"lines", "#MacroScriptLine[]", "", true},
                      {"last", "integer", "Number for the next ?after=", true}}});
}

}  // namespace

void add_script_schemas(api::Router& router) {
  add_bodies(router);
  add_answers(router);
}

}  // namespace gk::macros
