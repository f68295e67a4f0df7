// The named bodies of this room's routes, for OpenAPI.
#include "sessions/routes_detail.h"

namespace gk::sessions {
namespace {

void add_sessions(api::Router& router) {
  router.add_schema({"GameSessionStats",
                     {{"running_s", "number", "s in the state running", true},
                      {"macros_started", "integer", "", true},
                      {"macros_refused", "integer", "Could not start", true},
                      {"macros_cancelled", "integer", "By the safety rules", true},
                      {"commands", "integer", "That named the session", true}}});
  router.add_schema({"GameSession",
                     {{"id", "string", "", true},
                      {"character_name", "string", "", true},
                      {"game", "string", "Link of its macros", true, true},
                      {"mode", "string", "", true, true},
                      {"state", "created|running|paused|stopped|interrupted", "", true},
                      {"reason", "string", "Of the state", true, true},
                      {"created", "time", "", true},
                      {"started", "time", "The last start", true, true},
                      {"ended", "time", "", true, true},
                      {"updated", "time", "When it was last stored", true},
                      {"stats", "#GameSessionStats", "", true}}});
  router.add_schema(
      {"GameSessionList",
       {{"items", "#GameSession[]", "", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema({"GameSessionNew",
                     {{"character_name", "string", "1 to 64 bytes of printable text", true},
                      {"game", "string", "Name of a game link"},
                      {"mode", "string", "Executed at the start"}}});
  router.add_schema({"GameSessionPatch",
                     {{"game", "string", "null takes it away", false, true},
                      {"mode", "string", "null takes it away", false, true}}});
  router.add_schema({"ModeOutcome",
                     {{"macro_id", "string", "As in the mode", true},
                      {"running_as", "string", "Another id when that one runs already", true, true},
                      {"outcome", "started|already_running|refused", "", true},
                      {"reason", "string", "", true, true}}});
  router.add_schema(
      {"GameSessionStarted",
       {{"session", "#GameSession", "", true}, {"macros", "#ModeOutcome[]", "", true}}});
  router.add_schema(
      {"MacroNotPaused", {{"macro_id", "string", "", true}, {"reason", "string", "", true}}});
  router.add_schema(
      {"GameSessionPaused",
       {{"session", "#GameSession", "", true}, {"not_paused", "#MacroNotPaused[]", "", true}}});
  router.add_schema(
      {"GameSessionStopped",
       {{"session", "#GameSession", "", true}, {"stopped_macros", "string[]", "", true}}});
  router.add_schema({"GameSessionDeleted", {{"deleted", "string", "", true}}});
}

void add_modes(api::Router& router) {
  router.add_schema({"ModeMacro",
                     {{"macro_id", "string", "", true},
                      {"macro_name", "string", ""},
                      {"script", "string", "Macro of the library; default: that of macro_id"},
                      {"profile", "string", "Default: the macro_id"},
                      {"safety_level", "safe|risky|dangerous", ""},
                      {"game", "string", "Default: the session's"},
                      {"args", "object", "Win over the settings"}}});
  router.add_schema({"ModeInput",
                     {{"name", "string", "As in the path, or absent"},
                      {"description", "string", ""},
                      {"macros", "#ModeMacro[]", "1 to 32", true},
                      {"settings", "object", "Arguments of all its macros"}}});
  router.add_schema({"Mode",
                     {{"name", "string", "", true},
                      {"description", "string", "", true},
                      {"macros", "#ModeMacro[]", "", true},
                      {"settings", "object", "", true}}});
  router.add_schema(
      {"ModeList", {{"items", "#Mode[]", "", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema({"ModeNotice",
                     {{"mode", "string", "", true},
                      {"session_id", "string", "", true, true},
                      {"character_name", "string", "", true, true},
                      {"macros", "integer", "Of the mode, that run", true},
                      {"reason", "string", "", true, true}}});
}

void add_commands(api::Router& router) {
  router.add_schema({"CommandInput",
                     {{"type", "session|mode|macro|config|diagnostics|emergency", "", true},
                      {"action", "string", "See /commands/kinds", true},
                      {"session_id", "string", ""},
                      {"character_name", "string", ""},
                      {"mode_name", "string", ""},
                      {"macro_id", "string", ""},
                      {"macro_name", "string", ""},
                      {"script", "string", "Macro of the library; default: that of macro_id"},
                      {"profile", "string", ""},
                      {"safety_level", "safe|risky|dangerous", ""},
                      {"game", "string", ""},
                      {"args", "object", ""}}});
  router.add_schema({"CommandFailure",
                     {{"code", "string", "", true},
                      {"type", "string", "Problem type", true},
                      {"detail", "string", "", true}}});
  router.add_schema({"Command",
                     {{"command_id", "string", "", true},
                      {"type", "string", "", true},
                      {"action", "string", "", true},
                      {"state", "running|succeeded|failed", "", true},
                      {"by", "string", "", true},
                      {"submitted_at", "time", "", true},
                      {"ended_at", "time", "", true, true},
                      {"request", "object", "As it came", true},
                      {"result", "object", "Depends on the command", true, true},
                      {"error", "#CommandFailure", "", true, true}}});
  router.add_schema(
      {"CommandPage",
       {{"items", "#Command[]", "", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema({"CommandKind",
                     {{"type", "string", "", true},
                      {"action", "string", "", true},
                      {"scope", "string", "Besides commands:run", true},
                      {"fields", "string[]", "", true},
                      {"required", "string[]", "", true}}});
  router.add_schema(
      {"CommandKindList",
       {{"items", "#CommandKind[]", "", true}, {"next_cursor", "string", "", true, true}}});
}

}  // namespace

void add_session_schemas(api::Router& router) {
  add_sessions(router);
  add_modes(router);
  add_commands(router);
}

}  // namespace gk::sessions
