// The named bodies of this room's routes, for OpenAPI.
#include "arbiter/service/routes_detail.h"

namespace gk::arbiter {
namespace {

void add_lane(api::Router& router) {
  router.add_schema({"LaneHolder",
                     {{"actor", "string", "", true},
                      {"group", "string", "", true, true},
                      {"ticket", "integer", "", true},
                      {"token", "integer", "Increases with each grant of the lane", true},
                      {"kind", "local|http|socket|child", "", true},
                      {"pid", "integer", "", true, true},
                      {"uid", "integer", "", true, true},
                      {"age_s", "number", "", true},
                      {"lease_left_s", "number", "", true},
                      {"effective_priority", "integer", "", true},
                      {"sub_grants", "integer", "", true}}});
  router.add_schema({"LaneTicket",
                     {{"ticket", "integer", "", true},
                      {"actor", "string", "", true},
                      {"group", "string", "", true, true},
                      {"priority", "integer", "", true},
                      {"effective_priority", "integer", "With what waiting has added", true},
                      {"waited_s", "number", "", true},
                      {"deadline_in_s", "number", "", true},
                      {"bound_s", "number", "It has ended by then, at the latest", true},
                      {"ready", "boolean", "False: held back by its own rate", true}}});
  router.add_schema({"LaneCounters",
                     {{"granted", "integer", "", true},
                      {"timeout", "integer", "", true},
                      {"cancelled", "integer", "", true},
                      {"rejected", "integer", "", true},
                      {"expired", "integer", "Grants ended by their lease", true},
                      {"revoked", "integer", "Ended by an operator or a dead holder", true},
                      {"stale_sends", "integer", "Acts refused for their token", true}}});
  router.add_schema({"LaneShare",
                     {{"actor", "string", "", true},
                      {"granted", "integer", "Since the daemon started", true},
                      {"share", "number", "0..1", true},
                      {"waited_mean_s", "number", "", true},
                      {"waited_max_s", "number", "", true}}});
  router.add_schema({"LaneOptions",
                     {{"spacing_s", "number", "Quiet time between groups, 0..60"},
                      {"lease_s", "number", "Longest hold, 0.001..600"},
                      {"aging_s", "number", "Waiting that long adds 1 to the priority"},
                      {"burst", "integer", "Grants in a row a group may keep, 0..15"},
                      {"timeout_s", "number", "Of a request that names none"},
                      {"queue_max", "integer", "Requests that wait, 1..4096"},
                      {"groups", "boolean", "False: the quiet time is between any two modules"},
                      {"rate_per_s", "number", "Of all modules together", false, true}}});
  router.add_schema({"Lane",
                     {{"lane", "string", "", true},
                      {"holder", "#LaneHolder", "", true, true},
                      {"queue", "#LaneTicket[]", "Best first", true},
                      {"cooldown_left_s", "number", "", true},
                      {"min_valid_token", "integer", "Acts under an older token are refused", true},
                      {"last_token", "integer", "", true},
                      {"counters", "#LaneCounters", "", true},
                      {"fairness", "#LaneShare[]", "", true},
                      {"options", "#LaneOptions", "", true}}});
  router.add_schema(
      {"LaneList", {{"items", "#Lane[]", "", true}, {"next_cursor", "string", "", true, true}}});
}

void add_use(api::Router& router) {
  router.add_schema({"LaneAcquire",
                     {{"actor", "string", "Module to act as", true},
                      {"timeout_s", "number", "At most 30"},
                      {"lease_s", "number", "Shorter than the lane's"}}});
  router.add_schema({"LaneLease",
                     {{"lane", "string", "", true},
                      {"actor", "string", "", true},
                      {"ticket", "integer", "", true},
                      {"token", "integer", "", true},
                      {"expires_in_s", "number", "", true}}});
  router.add_schema({"LaneToken", {{"token", "integer", "", true}}});
  router.add_schema({"LaneReleased", {{"released", "boolean", "", true}}});
  router.add_schema({"LaneValid", {{"valid", "boolean", "", true}}});
  router.add_schema({"LaneRevoke", {{"reason", "string", "For the log", true}}});
  router.add_schema({"LaneRevoked", {{"revoked", "boolean", "False: nobody held it", true}}});
  router.add_schema(
      {"LaneDeleted", {{"lane", "string", "", true}, {"deleted", "boolean", "", true}}});
  router.add_schema({"LockModuleDeleted",
                     {{"name", "string", "", true},
                      {"deleted", "boolean", "", true},
                      {"default_again", "boolean", "It is known with its defaults", true}}});
  router.add_schema({"LaneGranted",
                     {{"lane", "string", "", true},
                      {"actor", "string", "", true},
                      {"ticket", "integer", "", true},
                      {"token", "integer", "", true},
                      {"waited_s", "number", "", true}}});
  router.add_schema({"LaneTimeout",
                     {{"lane", "string", "", true},
                      {"actor", "string", "", true},
                      {"ticket", "integer", "", true},
                      {"waited_s", "number", "", true}}});
}

void add_history(api::Router& router) {
  router.add_schema({"LaneWait",
                     {{"ticket", "integer", "", true},
                      {"actor", "string", "", true},
                      {"waits_for_actor", "string", "", true},
                      {"lane", "string", "", true}}});
  router.add_schema({"LaneGraph", {{"waits", "#LaneWait[]", "", true}}});
  router.add_schema({"LaneEvent",
                     {{"at_s", "number", "Since the daemon's lanes started", true},
                      {"event", "string", "As in docs/arbiter.md", true},
                      {"reason", "string", "", true, true},
                      {"actor", "string", "", true, true},
                      {"ticket", "integer", "", true},
                      {"token", "integer", "", true},
                      {"effective_priority", "integer", "", true},
                      {"waited_s", "number", "", true},
                      {"depth", "integer", "Waiting after it", true}}});
  router.add_schema({"LaneTrace",
                     {{"items", "#LaneEvent[]", "Newest first", true},
                      {"next_cursor", "string", "", true, true}}});
  router.add_schema({"LaneRawTrace",
                     {{"lanes", "object[]", "Names by number", true},
                      {"actors", "object[]", "Names by number", true},
                      {"options", "object", "Bounds of the arbiter", true},
                      {"records", "any", "Rows of 13 numbers, oldest first", true}}});
}

}  // namespace

void add_lane_schemas(api::Router& router) {
  add_lane(router);
  add_use(router);
  add_history(router);
  const std::vector<api::Field> patch{
      {"group", "string", "Same group, no quiet time; null: alone", false, true},
      {"priority", "integer", "0..255, higher first"},
      {"rate_per_s", "number", "Over all lanes", false, true},
      {"burst", "number", "At once within the rate", false, true},
      {"uids", "integer[]", "Users whose processes may act as it"},
      {"programs", "string[]", "Executables that may act as it"},
      {"name", "string", "As in the path"},
      {"source", "default|custom", "Ignored"}};
  router.add_schema({"LockModulePatch", patch});
  router.add_schema({"LockModule",
                     {{"name", "string", "", true},
                      {"group", "string", "", true, true},
                      {"priority", "integer", "0..255, higher first", true},
                      {"rate_per_s", "number", "", true, true},
                      {"burst", "number", "", true, true},
                      {"uids", "integer[]", "", true},
                      {"programs", "string[]", "", true},
                      {"source", "default|custom", "", true}}});
  router.add_schema(
      {"LockModuleList",
       {{"items", "#LockModule[]", "", true}, {"next_cursor", "string", "", true, true}}});
}

}  // namespace gk::arbiter
