// The named bodies of this room's routes, for OpenAPI.
#include "arbiter/operations/routes_detail.h"

namespace gk::arbiter {

void add_operation_schemas(api::Router& router) {
  router.add_schema({"OperationRun",
                     {{"kind", "string",
                       "settings.set, settings.remove, file.write, file.remove or transact", true},
                      {"resource", "string", "What the table of conflicts counts by", true},
                      {"priority", "integer", "0..255; default 50"},
                      {"input", "object", "Depends on the kind"},
                      {"deadline_s", "number", "Then it is rolled back; default 60, at most 600"},
                      {"wait", "boolean", "False: answer 202 at once; default true"}}});
  router.add_schema({"Operation",
                     {{"id", "string", "", true},
                      {"kind", "string", "", true},
                      {"resource", "string", "", true},
                      {"priority", "integer", "", true},
                      {"state", "waiting|running|undoing|merged|succeeded|failed", "", true},
                      {"reason", "string", "", true, true},
                      {"merged_into", "string", "The operation that it became part of", true, true},
                      {"steps_run", "integer", "", true},
                      {"by", "string", "", true},
                      {"submitted_at", "time", "", true},
                      {"started_at", "time", "", true, true},
                      {"ended_at", "time", "", true, true}}});
  router.add_schema({"OperationList",
                     {{"items", "#Operation[]", "", true},
                      {"next_cursor", "string", "", true, true},
                      {"stuck", "integer", "Transactions that could not be undone yet", true},
                      {"locked_resources", "integer", "Files and settings locked now", true}}});
  router.add_schema({"ConflictRule",
                     {{"one", "string", "Kind of operation", true},
                      {"other", "string", "Kind of operation", true},
                      {"strategy", "queue|abort|merge|prioritise", "", true}}});
  router.add_schema(
      {"ConflictTable",
       {{"items", "#ConflictRule[]", "", true}, {"next_cursor", "string", "", false, true}}});
  router.add_schema({"Setting",
                     {{"key", "string", "", true},
                      {"value", "any", "", true},
                      {"changed_at", "time", "", true}}});
  router.add_schema(
      {"SettingList",
       {{"items", "#Setting[]", "", true}, {"next_cursor", "string", "", true, true}}});
}

namespace {

void add_submit_schemas(api::Router& router) {
  router.add_schema({"TaskRetries",
                     {{"max", "integer", "Tries after the first, 0..19", true},
                      {"base_s", "number", "Before the first of them; doubles; default 0.1"}}});
  router.add_schema({"TaskSubmit",
                     {{"id", "string", "a-z, 0-9, _ and -", true},
                      {"priority", "critical|high|normal|low|deferred", "Default normal"},
                      {"depends_on", "string[]", "Ids of tasks of this graph"},
                      {"action", "object",
                       "{type: sleep, seconds}, {type: process, command, timeout_s} (needs "
                       "tasks:admin) or {type: "
                       "operation, kind, resource, priority, input}",
                       true},
                      {"retries", "#TaskRetries", "For exit code 75, timeouts and conflicts only"},
                      {"deadline_s", "number", "From now; then it ends, also while it runs"}}});
  router.add_schema(
      {"TaskGraphSubmit",
       {{"name", "string", "For people"}, {"tasks", "#TaskSubmit[]", "1 to 1000", true}}});
}

}  // namespace

void add_task_schemas(api::Router& router) {
  add_submit_schemas(router);
  router.add_schema(
      {"Task",
       {{"id", "string", "Graph and name", true},
        {"graph_id", "string", "", true},
        {"name", "string", "The id in its graph", true},
        {"priority", "critical|high|normal|low|deferred", "", true},
        {"state", "waiting|ready|running|succeeded|failed|skipped|cancelled", "", true},
        {"reason", "string", "", true, true},
        {"attempts", "integer", "", true},
        {"depends_on", "string[]", "", true},
        {"submitted_at", "time", "", true},
        {"started_at", "time", "", true, true},
        {"ended_at", "time", "", true, true},
        {"deadline_at", "time", "", true, true},
        {"action", "object", "", true},
        {"result", "object", "Of a program: exit_code and the tail of its output", true, true}}});
  router.add_schema({"TaskCounts",
                     {{"waiting", "integer", "", true},
                      {"ready", "integer", "", true},
                      {"running", "integer", "", true},
                      {"succeeded", "integer", "", true},
                      {"failed", "integer", "", true},
                      {"skipped", "integer", "", true},
                      {"cancelled", "integer", "", true}}});
  const std::vector<api::Field> summary = {
      {"id", "string", "", true},
      {"name", "string", "", true},
      {"state", "running|succeeded|failed|cancelled", "", true},
      {"reason", "string", "", true, true},
      {"by", "string", "", true},
      {"submitted_at", "time", "", true},
      {"ended_at", "time", "", true, true},
      {"counts", "#TaskCounts", "", true}};
  router.add_schema({"TaskGraphSummary", summary});
  auto whole = summary;
  whole.push_back({"tasks", "#Task[]", "", true});
  router.add_schema({"TaskGraph", whole});
  router.add_schema(
      {"TaskGraphPage",
       {{"items", "#TaskGraphSummary[]", "", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema(
      {"TaskPage", {{"items", "#Task[]", "", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema(
      {"TaskStatus",
       {{"id", "string", "", true},
        {"state", "waiting|ready|running|succeeded|failed|skipped|cancelled", "", true},
        {"reason", "string", "", true, true},
        {"attempts", "integer", "", true}}});
  router.add_schema({"TaskUpdate", {{"graphs", "#TaskGraph[]", "", true}}});
}

}  // namespace gk::arbiter
