// The routes and topics of graphs and tasks.
#include <algorithm>
#include <array>

#include "api/list_page.h"
#include "arbiter/operations/routes.h"
#include "arbiter/operations/routes_detail.h"

namespace gk::arbiter {
namespace {

using api::Call;
using api::Reply;
using net::Method;

constexpr std::array<std::string_view, 7> kStates = {"waiting", "ready",   "running",  "succeeded",
                                                     "failed",  "skipped", "cancelled"};

void answer(const Reply& reply, const Result<std::string>& json) {
  if (!json) return reply.error(json.error());
  reply.json(*json);
}

void list_tasks(const TaskService& tasks, const Call& call, const Reply& reply) {
  const auto limit = limit_of(call.request);
  if (!limit) return reply.problem(bad_limit());
  const std::string state = call.request.query_param("state").value_or("");
  if (!state.empty() && std::find(kStates.begin(), kStates.end(), state) == kStates.end()) {
    return reply.problem(invalid({{"state", "expected the state of a task"}}));
  }
  const auto place = api::read_cursor(call.request);
  if (!place) return reply.error(place.error());
  reply.json(tasks.tasks_json(*limit, *place, state));
}

void add_graphs(api::Router& router, TaskService& tasks) {
  router
      .add({Method::post, "/task-graphs", "tasks:run", "Run a graph of tasks", "TaskGraphSubmit",
            "TaskGraph",
            [&tasks](Call& call, const Reply& reply) {
              Complaints complaints;
              tasks.submit(call.body, call.principal->name,
                           call.principal->has_scope("tasks:admin"), complaints,
                           [reply](const Result<std::string>& graph) {
                             if (!graph) return reply.error(graph.error());
                             reply.json(*graph, 201);
                           });
              if (!complaints.empty()) reply.problem(invalid(std::move(complaints)));
            }})
      .answers({201});
  router
      .add({Method::get, "/task-graphs", "tasks:read", "Graphs, newest first", "", "TaskGraphPage",
            [&tasks](Call& call, const Reply& reply) {
              const auto limit = limit_of(call.request);
              if (!limit) return reply.problem(bad_limit());
              const auto place = api::read_cursor(call.request);
              if (!place) return reply.error(place.error());
              reply.json(tasks.graphs_json(*limit, *place));
            }})
      .query({api::kLimit, api::kCursor});
  router.add(
      {Method::get, "/task-graphs/{id}", "tasks:read", "One graph with its tasks", "", "TaskGraph",
       [&tasks](Call& call, const Reply& reply) { answer(reply, tasks.graph(call.param("id"))); }});
  router.add({Method::post, "/task-graphs/{id}/cancel", "tasks:run", "Cancel a graph", "",
              "TaskGraph", [&tasks](Call& call, const Reply& reply) {
                const auto done = tasks.cancel_graph(call.param("id"));
                if (!done) return reply.error(done.error());
                answer(reply, tasks.graph(call.param("id")));
              }});
}

void add_tasks(api::Router& router, TaskService& tasks) {
  router
      .add({Method::get, "/tasks", "tasks:read", "Tasks, newest graph first", "", "TaskPage",
            [&tasks](Call& call, const Reply& reply) { list_tasks(tasks, call, reply); }})
      .query({api::kLimit,
              api::kCursor,
              {"state", "waiting|ready|running|succeeded|failed|skipped|cancelled|", ""}});
  router.add(
      {Method::get, "/tasks/{id}", "tasks:read", "One task", "", "Task",
       [&tasks](Call& call, const Reply& reply) { answer(reply, tasks.task(call.param("id"))); }});
  router.add({Method::get, "/tasks/{id}/status", "tasks:read", "The state of one task", "",
              "TaskStatus", [&tasks](Call& call, const Reply& reply) {
                answer(reply, tasks.task_status(call.param("id")));
              }});
  router.add({Method::post, "/tasks/{id}/cancel", "tasks:run",
              "Cancel a task; what depends on it is skipped", "", "TaskStatus",
              [&tasks](Call& call, const Reply& reply) {
                const auto done = tasks.cancel_task(call.param("id"));
                if (!done) return reply.error(done.error());
                answer(reply, tasks.task_status(call.param("id")));
              }});
}

}  // namespace

void add_task_routes(api::Router& router, TaskService& tasks) {
  add_task_schemas(router);
  add_graphs(router, tasks);
  add_tasks(router, tasks);
}

TaskTopics::TaskTopics(api::Hub& hub, TaskService& tasks) {
  using api::Delivery;
  hub.add_topic({"task:created", "tasks:read", "A task was taken", "Task", Delivery::every, {}});
  hub.add_topic({"task:completed", "tasks:read", "A task ended", "Task", Delivery::every, {}});
  hub.add_topic({"task:updated", "tasks:read", "The newest graphs", "TaskUpdate",
                 Delivery::latest_wins, [&tasks] { return tasks.update_json(); }});
  created_ = tasks.created().subscribe(
      [&hub](const std::string& task) { hub.publish("task:created", task); });
  completed_ = tasks.completed().subscribe(
      [&hub](const std::string& task) { hub.publish("task:completed", task); });
  updated_ = tasks.updated().subscribe([&hub, &tasks](int) {
    if (hub.has_subscribers("task:updated")) hub.publish("task:updated", tasks.update_json());
  });
}

}  // namespace gk::arbiter
