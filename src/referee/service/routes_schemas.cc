// The named bodies of this room's routes, for OpenAPI.
#include "referee/service/routes_detail.h"

namespace gk::referee {
namespace {

void add_requests(api::Router& router) {
  router.add_schema({"MovementSession",
                     {{"mode", "2d|3d", ""},
                      {"max_speed", "number", "units/s"},
                      {"max_rise_speed", "number", "units/s"},
                      {"gravity", "number", "units/s²"},
                      {"nominal_ms", "number", "Usual interval of movements"},
                      {"units_per_metre", "number", ""}}});
  router.add_schema({"MovementReport",
                     {{"player", "string", "1 to 64 bytes", true},
                      {"mode", "2d|3d", "3d: y is up"},
                      {"seq", "integer", "Rises, wraps at 2^32", false, true},
                      {"client_ms", "number", "Clock of the client", false, true},
                      {"server_ms", "number", "Clock of the game server; default: arrival"},
                      {"x", "number", "units", true},
                      {"y", "number", "units", true},
                      {"z", "number", "units"},
                      {"ground", "boolean", "Known to the server", false, true}}});
  router.add_schema({"MovementValidate",
                     {{"items", "#MovementReport[]", "1 to 10000", true},
                      {"session", "#MovementSession", "Limits of these players"}}});
  router.add_schema(
      {"MovementDeclaration",
       {{"player", "string", "", true},
        {"type", "teleport|respawn|speed|knockback|vehicle|free|frozen|leave", "", true},
        {"x", "number", "teleport, respawn"},
        {"y", "number", ""},
        {"z", "number", ""},
        {"factor", "number", "speed"},
        {"duration_s", "number", "speed, frozen"},
        {"vx", "number", "knockback, units/s"},
        {"vy", "number", ""},
        {"vz", "number", ""},
        {"deceleration", "number", "knockback, units/s²"},
        {"session", "#MovementSession", "vehicle"},
        {"on", "boolean", "free"},
        {"server_ms", "number", ""}}});
  router.add_schema({"MovementDeclare", {{"items", "#MovementDeclaration[]", "", true}}});
  router.add_schema({"MovementRoundTrip",
                     {{"player", "string", "", true},
                      {"rtt_ms", "number", "", true},
                      {"server_ms", "number", ""}}});
  router.add_schema({"MovementRtt", {{"items", "#MovementRoundTrip[]", "", true}}});
  router.add_schema({"MovementClaim",
                     {{"player", "string", "", true},
                      {"type", "stutter|low_fps|memory_pressure|metrics", "", true},
                      {"severity", "low|medium|high", ""},
                      {"duration_ms", "number", ""},
                      {"fps", "number", "metrics; read by the smart modes only"},
                      {"score", "number", "as fps"},
                      {"server_ms", "number", ""}}});
  router.add_schema({"MovementClaims", {{"items", "#MovementClaim[]", "", true}}});
  router.add_schema({"MovementDecision", {{"note", "string", "At most 1000 bytes"}}});
  router.add_schema({"MovementSourceNew",
                     {{"name", "string", "a-z, 0-9, _ and -", true},
                      {"address", "string", "Numeric, without port", true}}});
  router.add_schema({"MovementRecordingStart",
                     {{"name", "string", "a-z, 0-9, _ and -", true},
                      {"max_mb", "number", "MB; then it ends. Default 64"}}});
}

void add_verdicts(api::Router& router) {
  router.add_schema(
      {"MovementPoint",
       {{"x", "number", "", true}, {"y", "number", "", true}, {"z", "number", "", true}}});
  router.add_schema({"MovementExplanation",
                     {{"sentence", "string", "For a person", true},
                      {"window_s", "number", "Server time since the last movement", true},
                      {"claimed_s", "number", "Client time since then", true},
                      {"distance", "number", "units", true},
                      {"allowed", "number", "units", true},
                      {"granted_s", "number", "", true},
                      {"credit_used_s", "number", "", true},
                      {"credit_limit_s", "number", "", true},
                      {"credit_reason", "string", "What the server saw", true},
                      {"declarations", "string[]", "In force", true},
                      {"claims", "integer", "By the client so far", true},
                      {"claims_corroborated", "integer", "By what the server saw", true},
                      {"undeclared_teleport_hint", "boolean", "", true},
                      {"e_before", "number", "Evidence", true},
                      {"e_after", "number", "Evidence", true}}});
  router.add_schema({"MovementItem",
                     {{"player", "string", "", true},
                      {"seq", "integer", "", true},
                      {"valid", "boolean", "False: set back, or not counted", true},
                      {"reason", "string", "", true},
                      {"confidence", "number", "That something is wrong, 0..1", true},
                      {"performance_adjusted", "boolean", "", true},
                      {"state", "ok|watch|review", "", true},
                      {"set_back_to", "#MovementPoint", "", true, true},
                      {"explanation", "#MovementExplanation", "Of a refusal", true, true}}});
  router.add_schema({"MovementValidated", {{"items", "#MovementItem[]", "", true}}});
  router.add_schema({"MovementAppliedItem",
                     {{"player", "string", "", true},
                      {"applied", "boolean", "", true},
                      {"error", "string", "", true, true}}});
  router.add_schema({"MovementApplied", {{"items", "#MovementAppliedItem[]", "", true}}});
  router.add_schema({"MovementVerdict",
                     {{"id", "string", "", true},
                      {"player", "string", "", true},
                      {"seq", "integer", "", true},
                      {"at", "time", "", true},
                      {"valid", "boolean", "", true},
                      {"rule", "string", "", true, true},
                      {"reason", "string", "", true},
                      {"confidence", "number", "", true},
                      {"performance_adjusted", "boolean", "", true},
                      {"state", "ok|watch|review", "", true},
                      {"shadow", "boolean", "Refused on paper only", true},
                      {"position", "#MovementPoint", "", true},
                      {"set_back_to", "#MovementPoint", "", true, true},
                      {"explanation", "#MovementExplanation", "", true, true}}});
  router.add_schema(
      {"MovementVerdictPage",
       {{"items", "#MovementVerdict[]", "", true}, {"next_cursor", "string", "", true, true}}});
}

void add_players(api::Router& router) {
  router.add_schema({"MovementTolerance",
                     {{"credit_s", "number", "Now", true},
                      {"base_s", "number", "Without evidence", true},
                      {"reason", "string", "", true}}});
  router.add_schema({"MovementPathPoint",
                     {{"at", "time", "", true},
                      {"x", "number", "", true},
                      {"y", "number", "", true},
                      {"z", "number", "", true},
                      {"accepted", "boolean", "", true},
                      {"set_back_to", "#MovementPoint", "", true, true},
                      {"allowed_radius", "number", "units", true}}});
  router.add_schema({"MovementRatios",
                     {{"clock_60s", "number", "Client over server time", true, true},
                      {"clock_600s", "number", "", true, true},
                      {"clock_session", "number", "", true, true},
                      {"distance_60s", "number", "Distance over full speed", true},
                      {"distance_600s", "number", "", true},
                      {"distance_session", "number", "", true}}});
  router.add_schema(
      {"MovementChannel", {{"channel", "string", "", true}, {"e", "number", "", true}}});
  router.add_schema({"MovementCounts",
                     {{"order_events", "integer", "", true},
                      {"invalid_events", "integer", "", true},
                      {"claims", "integer", "", true},
                      {"claims_corroborated", "integer", "", true},
                      {"claims_dropped", "integer", "", true},
                      {"gaps", "integer", "Silences above 350 ms", true}}});
  router.add_schema({"MovementBaseline",
                     {{"sessions", "integer", "", true},
                      {"minutes", "number", "Played", true},
                      {"gaps_per_minute", "number", "", true},
                      {"rtt_ms", "number", "", true, true},
                      {"interval_ms", "number", "", true, true},
                      {"machine", "unknown|keeps_up|slow|poor", "", true}}});
  std::vector<api::Field> player = {
      {"player", "string", "", true},         {"mode", "2d|3d", "", true},
      {"state", "ok|watch|review", "", true}, {"confidence", "number", "", true},
      {"max_e", "number", "", true},          {"moves", "integer", "", true},
      {"rejected", "integer", "", true},      {"tolerance", "#MovementTolerance", "", true},
      {"rtt_ms", "number", "", true, true},   {"last_at", "time", "", true}};
  router.add_schema({"MovementPlayerBrief", player});
  player.push_back({"ratios", "#MovementRatios", "", true});
  player.push_back({"path", "#MovementPathPoint[]", "Oldest first", true});
  player.push_back({"channels", "#MovementChannel[]", "", true});
  player.push_back({"counts", "#MovementCounts", "", true});
  player.push_back({"baseline", "#MovementBaseline", "Over sessions", true});
  router.add_schema({"MovementPlayer", player});
  router.add_schema(
      {"MovementPlayerPage",
       {{"items", "#MovementPlayerBrief[]", "", true}, {"next_cursor", "string", "", true, true}}});
}

void add_reviews(api::Router& router) {
  router.add_schema({"MovementReview",
                     {{"id", "string", "", true},
                      {"player", "string", "", true},
                      {"opened_at", "time", "", true},
                      {"max_e", "number", "", true},
                      {"channel", "string", "", true},
                      {"state", "open|accepted|dismissed", "", true},
                      {"rejected", "integer", "Movements refused before", true},
                      {"decided_by", "string", "", true, true},
                      {"decided_at", "time", "", true, true},
                      {"note", "string", "", true, true},
                      {"path", "#MovementPathPoint[]", "", true}}});
  router.add_schema(
      {"MovementReviewPage",
       {{"items", "#MovementReview[]", "", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema({"MovementPlayerData",
                     {{"player", "string", "", true},
                      {"status", "#MovementPlayer", "", true, true},
                      {"baseline", "#MovementBaseline", "", true, true},
                      {"verdicts", "#MovementVerdict[]", "", true},
                      {"reviews", "#MovementReview[]", "", true}}});
  router.add_schema({"MovementStats",
                     {{"events", "integer", "Movements judged", true},
                      {"players", "integer", "", true},
                      {"rejections_by_rule", "map:integer", "", true},
                      {"adjustments_by_reason", "map:integer", "", true},
                      {"order", "map:integer", "Stale, duplicate and invalid movements", true},
                      {"ingest", "object", "Frames, moves, events, answers, refused", true},
                      {"reviews", "map:integer", "", true},
                      {"false_positive_ratio", "number", "Dismissed over decided", true, true},
                      {"detection_ratio", "number",
                       "Accepted reviews of players that had been refused before", true, true}}});
  router.add_schema({"MovementUpdate",
                     {{"players", "#MovementPlayerBrief[]", "The worst 50", true},
                      {"stats", "#MovementStats", "", true}}});
}

void add_admin(api::Router& router) {
  std::vector<api::Field> options = {
      {"mode", "bounded|shadow|smart_ts|smart_cs", "The smart sets are unsafe"},
      {"preset", "default|competitive", ""},
      {"unsafe", "boolean", "Read only"}};
  for (const char* name : {"max_credit_s", "base_credit_s", "min_base_credit_s", "join_credit_s",
                           "loose_s", "min_loose_s", "slack_s", "carry_s", "evidence_hold_s"})
    options.push_back({name, "number", "s"});
  for (const char* name :
       {"evidence_decay", "credit_leak", "speed_tolerance", "pool_leak", "honest_block_rate", "bet",
        "watch_at", "review_at", "max_move_rate", "claims_per_second"})
    options.push_back({name, "number", ""});
  options.push_back({"session", "#MovementSession", "Of players without limits of their own"});
  router.add_schema({"MovementOptions", options});
  router.add_schema({"MovementOptionsVersion",
                     {{"version", "integer", "", true},
                      {"at", "time", "", true},
                      {"by", "string", "", true},
                      {"options", "#MovementOptions", "", true}}});
  router.add_schema({"MovementOptionsPage",
                     {{"items", "#MovementOptionsVersion[]", "", true},
                      {"next_cursor", "string", "", true, true}}});
  router.add_schema({"MovementSource",
                     {{"name", "string", "", true},
                      {"number", "integer", "In its frames", true},
                      {"address", "string", "", true},
                      {"key", "string", "64 hex digits; in the answer to POST only"}}});
  router.add_schema(
      {"MovementSourcePage",
       {{"items", "#MovementSource[]", "", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema({"MovementRecording",
                     {{"running", "boolean", "", true},
                      {"name", "string", "", true, true},
                      {"file", "string", "Below the data folder", true, true},
                      {"bytes", "integer", "", true},
                      {"max_bytes", "integer", "", true},
                      {"lines", "integer", "", true},
                      {"ended", "string", "stopped, full, or the disk's complaint", true, true}}});
  router.add_schema(
      {"MovementReplay",
       {{"unsafe", "boolean", "Judged by a smart set", true},
        {"sessions", "any", "As `gamekeeper referee replay` prints them", true},
        {"events", "any", "With ?events=1: the refusals", true},
        {"paths", "any", "[{id, path: [{at_ms, x, y, z, accepted, set_back_to}]}]", true},
        {"error_count", "integer", "Malformed lines", true},
        {"errors", "string[]", "The first 20", true}}});
}

}  // namespace

void add_schemas(api::Router& router) {
  add_requests(router);
  add_verdicts(router);
  add_players(router);
  add_reviews(router);
  add_admin(router);
}

}  // namespace gk::referee
