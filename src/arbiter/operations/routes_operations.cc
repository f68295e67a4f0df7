// The routes of operations, settings and the table of conflicts.
#include "arbiter/operations/routes.h"
#include "arbiter/operations/routes_detail.h"

namespace gk::arbiter {
namespace {

using api::Call;
using api::Reply;
using net::Method;

OperationId id_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return OperationId(error == std::errc() && end == text.data() + text.size() ? number : 0);
}

Author author_of(const Call& call) {
  return {call.principal->name, call.principal->user_id, call.correlation_id};
}

/// What POST /operations asks for. `wait`: answer when it has ended.
struct RunBody {
  OperationRequest request;
  bool wait = true;
};

RunBody read_run(const Call& call, JsonReader& reader) {
  RunBody body;
  std::int64_t priority = 50;
  double deadline_s = 0;
  for (const char* key : {"kind", "resource"}) reader.require(key);
  reader.string("kind", body.request.kind, 64);
  reader.string("resource", body.request.resource, 128);
  reader.integer("priority", priority, 0, 255);
  reader.number("deadline_s", deadline_s, 0.001, 600);
  reader.boolean("wait", body.wait);
  const JsonValue* input = reader.member("input");
  body.request.input = input == nullptr ? JsonValue(JsonValue::Object{}) : *input;
  reader.refuse_unknown();
  body.request.priority = static_cast<std::uint8_t>(priority);
  body.request.deadline =
      std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(deadline_s));
  body.request.by = author_of(call);
  body.request.is_admin = call.principal->has_scope("tasks:admin");
  return body;
}

void run_operation(OperationService& operations, Call& call, const Reply& reply) {
  JsonReader reader(call.body, "");
  RunBody body = read_run(call, reader);
  if (!reader.complaints().empty()) return reply.problem(invalid(reader.complaints()));
  // Shared by this frame and the answer: a refusal answers at once, also without waiting.
  const auto answered = std::make_shared<bool>(false);
  const bool wait = body.wait;
  const auto id =
      operations.run(std::move(body.request),
                     [&operations, reply, answered](const Result<OperationOutcome>& outcome) {
                       if (std::exchange(*answered, true)) return;
                       if (!outcome) return reply.error(outcome.error());
                       const auto view = operations.one_json(outcome->id);
                       if (!view) return reply.error(view.error());
                       reply.json(*view);
                     });
  if (wait || *answered || !id) return;
  *answered = true;
  if (const auto view = operations.one_json(*id)) reply.json(*view, 202);
}

void send_settings(OperationService& operations, const Reply& reply) {
  operations.store().list_settings([reply](const Result<std::vector<Setting>>& settings) {
    if (!settings) return reply.error(settings.error());
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("items").begin_array();
    for (const Setting& setting : *settings) {
      w.begin_object().field("key", setting.key).key("value").raw(setting.value_json);
      w.field("changed_at", setting.changed_at).end_object();
    }
    w.end_array().key("next_cursor").null().end_object();
    reply.json(std::move(out));
  });
}

}  // namespace

void add_operation_routes(api::Router& router, OperationService& operations) {
  add_operation_schemas(router);
  router
      .add({Method::post, "/operations", "tasks:run", "Run an operation", "OperationRun",
            "Operation",
            [&operations](Call& call, const Reply& reply) {
              run_operation(operations, call, reply);
            }})
      .answers({200, 202});
  router.add({Method::get, "/operations", "tasks:read",
              "Operations that run or wait, then those that ended, newest first", "",
              "OperationList",
              [&operations](Call&, const Reply& reply) { reply.json(operations.list_json()); }});
  router.add({Method::get, "/operations/{id}", "tasks:read", "One operation", "", "Operation",
              [&operations](Call& call, const Reply& reply) {
                const auto view = operations.one_json(id_of(call.param("id")));
                if (!view) return reply.error(view.error());
                reply.json(*view);
              }});
  router.add({Method::post, "/operations/{id}/cancel", "tasks:run",
              "End one that waits, roll one back that runs", "", "Operation",
              [&operations](Call& call, const Reply& reply) {
                const OperationId id = id_of(call.param("id"));
                if (const auto done = operations.cancel(id); !done)
                  return reply.error(done.error());
                const auto view = operations.one_json(id);
                if (!view) return reply.error(view.error());
                reply.json(*view);
              }});
  router.add({Method::get, "/operations/conflicts", "tasks:read",
              "Which operations conflict on one resource, and what then happens", "",
              "ConflictTable",
              [&operations](Call&, const Reply& reply) { reply.json(operations.conflicts()); },
              false, false, api::Versions::optional});
  router.add({Method::put, "/operations/conflicts", "tasks:admin", "Replace the table of conflicts",
              "ConflictTable", "ConflictTable", [&operations](Call& call, const Reply& reply) {
                operations.set_conflicts(call.body, author_of(call),
                                         [&operations, reply](const Result<void>& done) {
                                           if (!done) return reply.error(done.error());
                                           reply.json(operations.conflicts());
                                         });
              }});
  router.add({Method::get, "/operations/settings", "tasks:read", "Settings that operations made",
              "", "SettingList",
              [&operations](Call&, const Reply& reply) { send_settings(operations, reply); }});
}

}  // namespace gk::arbiter
