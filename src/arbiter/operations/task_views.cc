// What callers see of graphs and tasks. Ended graphs are kept as the JSON of their last answer.
#include <algorithm>
#include <vector>

#include "api/list_page.h"
#include "arbiter/operations/task_running.h"
#include "base/try.h"

namespace gk::arbiter {
namespace {

constexpr std::size_t kUpdateGraphs = 20;  // Source: contract of the tasks room

bool has_state(const JsonValue& task, std::string_view state) {
  const JsonValue* now = task.find("state");
  return state.empty() || (now != nullptr && now->is_string() && now->as_string() == state);
}

std::string text_in(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

/// Collects a page: skips up to the cursor, stops after `limit`.
class Page {
 public:
  Page(std::size_t limit, std::string_view cursor) : left_(limit), cursor_(cursor), w_(out_) {
    w_.begin_object().key("items").begin_array();
  }
  bool full() const { return more_; }
  /// Where to write an item, or nothing when it is not on this page.
  JsonWriter* next(const std::string& id) {
    if (!cursor_.empty()) {
      if (id == cursor_) cursor_ = {};
      return nullptr;
    }
    if (left_ == 0) {
      more_ = true;
      return nullptr;
    }
    --left_;
    last_ = id;
    return &w_;
  }
  std::string take() {
    w_.end_array().key("next_cursor");
    w_.value(more_ ? std::optional(api::seal_cursor(last_)) : std::nullopt).end_object();
    return std::move(out_);
  }

 private:
  std::size_t left_;
  std::string_view cursor_;
  std::string out_, last_;
  JsonWriter w_;
  bool more_ = false;
};

/// An ended graph as a list shows it: without its tasks.
void write_ended_summary(JsonWriter& w, const JsonValue& graph) {
  w.begin_object();
  for (const auto& [key, value] : graph.as_object()) {
    if (key != "tasks") w.field(key, value);
  }
  w.end_object();
}

}  // namespace

/// What waits may be ready by now.
const GraphEntry& TaskService::refreshed(GraphEntry& graph) const {
  for (std::uint32_t i = 0; i < graph.tasks.size(); ++i) {
    TaskEntry& task = graph.tasks[i];
    if (task.state != TaskState::waiting && task.state != TaskState::backing_off) continue;
    if (const auto state = scheduler_.state({graph.scheduled, i})) task.state = *state;
  }
  return graph;
}

std::string TaskService::graphs_json(std::size_t limit, std::string_view cursor) const {
  Page page(limit, cursor);
  for (auto at = active_.rbegin(); at != active_.rend() && !page.full(); ++at) {
    if (JsonWriter* w = page.next(at->second->id())) write_summary(*w, refreshed(*at->second));
  }
  for (auto at = ended_.rbegin(); at != ended_.rend() && !page.full(); ++at) {
    JsonWriter* w = page.next("g" + std::to_string(at->number));
    if (w == nullptr) continue;
    const auto graph = parse_json(at->record, kRecordLimits);
    if (graph && graph->is_object()) write_ended_summary(*w, *graph);
  }
  return page.take();
}

std::string TaskService::tasks_json(std::size_t limit, std::string_view cursor,
                                    std::string_view state) const {
  Page page(limit, cursor);
  for (auto at = active_.rbegin(); at != active_.rend() && !page.full(); ++at) {
    const GraphEntry& graph = refreshed(*at->second);
    for (std::uint32_t i = 0; i < graph.tasks.size() && !page.full(); ++i) {
      if (!state.empty() && task_state_name(graph.tasks[i].state) != state) continue;
      if (JsonWriter* w = page.next(graph.task_id(i))) write_task(*w, graph, i);
    }
  }
  for (auto at = ended_.rbegin(); at != ended_.rend() && !page.full(); ++at) {
    const auto graph = parse_json(at->record, kRecordLimits);
    const JsonValue* tasks = graph ? graph->find("tasks") : nullptr;
    if (tasks == nullptr || !tasks->is_array()) continue;
    for (const JsonValue& task : tasks->as_array()) {
      if (page.full()) break;
      if (!has_state(task, state)) continue;
      if (JsonWriter* w = page.next(text_in(task, "id"))) w->value(task);
    }
  }
  return page.take();
}

Result<std::string> TaskService::graph(std::string_view id) const {
  for (const auto& [number, active] : active_) {
    if (active->id() == id) return graph_json(refreshed(*active));
  }
  const EndedGraph* ended = find_ended(id);
  if (ended == nullptr) return Error{Errc::not_found, "no such graph"};
  return ended->record;
}

Result<std::string> TaskService::task(std::string_view id) const {
  if (const auto [active, number] = find_task(id); active != nullptr) {
    std::string out;
    JsonWriter w(out);
    write_task(w, refreshed(*active), number);
    return out;
  }
  const EndedGraph* ended = find_ended(id.substr(0, id.find('.')));
  const auto graph =
      ended == nullptr ? Result<JsonValue>(Error{}) : parse_json(ended->record, kRecordLimits);
  const JsonValue* tasks = graph ? graph->find("tasks") : nullptr;
  if (tasks != nullptr && tasks->is_array()) {
    for (const JsonValue& task : tasks->as_array()) {
      if (text_in(task, "id") == id) return to_json(task);
    }
  }
  return Error{Errc::not_found, "no such task"};
}

Result<std::string> TaskService::task_status(std::string_view id) const {
  GK_TRY(const std::string whole, task(id));
  GK_TRY(const JsonValue value, parse_json(whole, kRecordLimits));
  std::string out;
  JsonWriter w(out);
  w.begin_object();
  for (const char* key : {"id", "state", "reason", "attempts"}) {
    const JsonValue* member = value.find(key);
    w.field(key, member == nullptr ? JsonValue() : *member);
  }
  w.end_object();
  return out;
}

std::string TaskService::update_json() const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("graphs").begin_array();
  std::size_t shown = 0;
  for (auto at = active_.rbegin(); at != active_.rend() && shown < kUpdateGraphs; ++at, ++shown) {
    w.raw(graph_json(refreshed(*at->second)));
  }
  for (auto at = ended_.rbegin(); at != ended_.rend() && shown < kUpdateGraphs; ++at, ++shown) {
    w.raw(at->record);
  }
  w.end_array().end_object();
  return out;
}

}  // namespace gk::arbiter
