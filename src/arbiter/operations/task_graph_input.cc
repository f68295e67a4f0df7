#include "arbiter/operations/task_graph_input.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/try.h"

namespace gk::arbiter {
namespace {

constexpr std::array<std::string_view, 5> kPriorities = {"deferred", "low", "normal", "high",
                                                         "critical"};

bool is_task_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

void read_command(JsonReader& reader, TaskAction& action) {
  reader.require("command");
  const JsonValue* words = reader.member("command");
  if (words == nullptr) return;
  const bool fits =
      words->is_array() && !words->as_array().empty() && words->as_array().size() <= 64 &&
      std::all_of(words->as_array().begin(), words->as_array().end(), [](const JsonValue& w) {
        return w.is_string() && w.as_string().size() <= 1024 &&
               w.as_string().find('\0') == std::string::npos;
      });
  if (!fits) {
    return reader.complain("command", "expected 1 to 64 strings of at most 1024 bytes without NUL");
  }
  for (const JsonValue& word : words->as_array()) action.command.push_back(word.as_string());
  if (!action.command[0].starts_with('/')) {
    reader.complain("command", "expected an absolute path as the first word");
  }
}

void read_operation(JsonReader& reader, TaskAction& action,
                    const std::function<Result<void>(const TaskAction&)>& check) {
  std::int64_t priority = action.priority;
  for (const char* key : {"kind", "resource"}) reader.require(key);
  reader.string("kind", action.kind, 64);
  reader.string("resource", action.resource, 128);
  reader.integer("priority", priority, 0, 255);
  action.priority = static_cast<std::uint8_t>(priority);
  const JsonValue* input = reader.member("input");
  action.input = input == nullptr ? JsonValue(JsonValue::Object{}) : *input;
  if (!reader.complaints().empty()) return;
  if (const auto good = check(action); !good) reader.complain("input", good.error().message);
}

void read_action(JsonReader& task, const std::string& path, TaskAction& action,
                 const std::function<Result<void>(const TaskAction&)>& check,
                 Complaints& complaints) {
  task.require("action");
  const JsonValue* value = task.member("action");
  if (value == nullptr) return;
  JsonReader reader(*value, path + ".action");
  std::string type;
  reader.require("type");
  reader.string("type", type, 16);
  if (type == "sleep") {
    reader.require("seconds");
    reader.number("seconds", action.seconds, 0, kMaxTaskSeconds);
  } else if (type == "process") {
    action.type = ActionType::process;
    read_command(reader, action);
    reader.number("timeout_s", action.timeout_s, 0.01, kMaxTaskSeconds);
  } else if (type == "operation") {
    action.type = ActionType::operation;
    read_operation(reader, action, check);
  } else {
    reader.complain("type", "expected sleep, process or operation");
  }
  if (!type.empty()) reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
}

void read_retries(JsonReader& task, const std::string& path, TaskEntry& entry,
                  Complaints& complaints) {
  const JsonValue* value = task.member("retries");
  if (value == nullptr || value->is_null()) return;
  JsonReader reader(*value, path + ".retries");
  reader.require("max");
  reader.integer("max", entry.retries, 0, kMaxRetries);
  reader.number("base_s", entry.backoff_s, 0.001, 3600);
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
}

/// One task without its dependencies, which need all ids.
TaskEntry read_task(const JsonValue& value, const std::string& path, const JsonValue*& needs,
                    const std::function<Result<void>(const TaskAction&)>& check,
                    Complaints& complaints) {
  TaskEntry entry;
  JsonReader reader(value, path);
  std::string priority = "normal";
  reader.require("id");
  reader.string("id", entry.id, 64);
  if (!entry.id.empty() && !is_task_id(entry.id)) {
    reader.complain("id", "expected a-z, 0-9, _ and -");
  }
  reader.string("priority", priority, 16);
  const auto* const rank = std::find(kPriorities.begin(), kPriorities.end(), priority);
  if (rank == kPriorities.end()) {
    reader.complain("priority", "expected critical, high, normal, low or deferred");
  } else {
    entry.priority = static_cast<TaskPriority>(rank - kPriorities.begin());
  }
  needs = reader.member("depends_on");
  if (needs != nullptr && !needs->is_null() && !needs->is_array()) {
    reader.complain("depends_on", "expected a list of ids");
  }
  double deadline = 0;
  reader.number("deadline_s", deadline, 0.001, kMaxTaskSeconds);
  if (deadline > 0) entry.deadline_s = deadline;
  read_retries(reader, path, entry, complaints);
  read_action(reader, path, entry.action, check, complaints);
  reader.refuse_unknown();
  complaints.insert(complaints.end(), reader.complaints().begin(), reader.complaints().end());
  return entry;
}

void write_action(JsonWriter& w, const TaskAction& action) {
  w.begin_object();
  switch (action.type) {
    case ActionType::sleep: w.field("type", "sleep").field("seconds", action.seconds); break;
    case ActionType::process:
      w.field("type", "process").key("command").begin_array();
      for (const std::string& word : action.command) w.value(word);
      w.end_array().field("timeout_s", action.timeout_s);
      break;
    case ActionType::operation:
      w.field("type", "operation").field("kind", action.kind).field("resource", action.resource);
      w.field("priority", static_cast<int>(action.priority)).field("input", action.input);
      break;
  }
  w.end_object();
}

/// How many tasks are in which state.
void write_counts(JsonWriter& w, const GraphEntry& graph) {
  std::map<std::string_view, std::size_t> counts;
  for (const TaskEntry& task : graph.tasks) ++counts[task_state_name(task.state)];
  w.begin_object();
  for (const char* name :
       {"waiting", "ready", "running", "succeeded", "failed", "skipped", "cancelled"}) {
    w.field(name, counts[name]);
  }
  w.end_object();
}

void write_head(JsonWriter& w, const GraphEntry& graph) {
  w.field("id", graph.id()).field("name", graph.name).field("state", graph.state);
  w.key("reason").value(graph.reason.empty() ? std::nullopt : std::optional(graph.reason));
  w.field("by", graph.by).field("submitted_at", graph.submitted_at);
  w.field("ended_at", graph.ended_at).key("counts");
  write_counts(w, graph);
}

}  // namespace

std::string_view task_state_name(TaskState state) {
  switch (state) {
    case TaskState::waiting:
    case TaskState::backing_off: return "waiting";
    case TaskState::ready: return "ready";
    case TaskState::running: return "running";
    case TaskState::succeeded: return "succeeded";
    case TaskState::failed:
    case TaskState::timed_out: return "failed";
    case TaskState::cancelled: return "cancelled";
    case TaskState::skipped: break;
  }
  return "skipped";
}

std::string_view priority_name(TaskPriority priority) {
  return kPriorities[static_cast<std::size_t>(priority)];
}

GraphEntry read_graph(const JsonValue& body,
                      const std::function<Result<void>(const TaskAction&)>& check_operation,
                      Complaints& complaints) {
  GraphEntry graph;
  JsonReader reader(body, "");
  reader.string("name", graph.name, 128);
  reader.require("tasks");
  const JsonValue* tasks = reader.member("tasks");
  const bool fits = tasks != nullptr && tasks->is_array() && !tasks->as_array().empty() &&
                    tasks->as_array().size() <= kMaxGraphTasks;
  if (tasks != nullptr && !fits) reader.complain("tasks", "expected 1 to 1000 tasks");
  reader.refuse_unknown();
  complaints = reader.complaints();
  if (!fits) return graph;
  std::map<std::string, std::uint32_t, std::less<>> numbers;
  std::vector<const JsonValue*> needs(tasks->as_array().size());
  for (std::uint32_t i = 0; i < needs.size(); ++i) {
    const std::string path = "tasks[" + std::to_string(i) + "]";
    graph.tasks.push_back(
        read_task(tasks->as_array()[i], path, needs[i], check_operation, complaints));
    if (!numbers.emplace(graph.tasks[i].id, i).second) {
      complaints.emplace_back(path + ".id", "another task has this id");
    }
  }
  for (std::uint32_t i = 0; i < needs.size(); ++i) {
    if (needs[i] == nullptr || !needs[i]->is_array()) continue;
    for (const JsonValue& need : needs[i]->as_array()) {
      const auto found = need.is_string() ? numbers.find(need.as_string()) : numbers.end();
      if (found != numbers.end()) {
        graph.tasks[i].depends_on.push_back(found->second);
      } else {
        complaints.emplace_back("tasks[" + std::to_string(i) + "].depends_on",
                                "no task of this graph has the id " + to_json(need));
      }
    }
  }
  return graph;
}

std::vector<TaskSpec> specs_of(const GraphEntry& graph, MonoTime now) {
  std::vector<TaskSpec> out;
  for (const TaskEntry& task : graph.tasks) {
    TaskSpec spec;
    spec.name = task.id;
    spec.depends_on = task.depends_on;
    spec.priority = task.priority;
    spec.max_tries = static_cast<std::uint8_t>(task.retries + 1);
    spec.backoff = Millis(static_cast<std::int64_t>(task.backoff_s * 1000));
    if (task.deadline_s) {
      spec.deadline =
          now + std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(*task.deadline_s));
    }
    out.push_back(std::move(spec));
  }
  return out;
}

void write_task(JsonWriter& w, const GraphEntry& graph, std::uint32_t number) {
  const TaskEntry& task = graph.tasks[number];
  w.begin_object().field("id", graph.task_id(number)).field("graph_id", graph.id());
  w.field("name", task.id).field("priority", priority_name(task.priority));
  w.field("state", task_state_name(task.state)).key("reason");
  w.value(task.reason.empty() ? std::nullopt : std::optional(task.reason));
  w.field("attempts", task.attempts).key("depends_on").begin_array();
  for (const std::uint32_t need : task.depends_on) w.value(graph.task_id(need));
  w.end_array().field("submitted_at", task.submitted_at).field("started_at", task.started_at);
  w.field("ended_at", task.ended_at).field("deadline_at", task.deadline_at).key("action");
  write_action(w, task.action);
  w.key("result");
  if (task.result_json.empty()) {
    w.null();
  } else {
    w.raw(task.result_json);
  }
  w.end_object();
}

std::string graph_json(const GraphEntry& graph) {
  std::string out;
  JsonWriter w(out);
  w.begin_object();
  write_head(w, graph);
  w.key("tasks").begin_array();
  for (std::uint32_t i = 0; i < graph.tasks.size(); ++i) write_task(w, graph, i);
  w.end_array().end_object();
  return out;
}

void write_summary(JsonWriter& w, const GraphEntry& graph) {
  w.begin_object();
  write_head(w, graph);
  w.end_object();
}

namespace {

constexpr const char* kRestarted = "the daemon restarted";

bool has_ended(const JsonValue& task) {
  const JsonValue* state = task.find("state");
  return state != nullptr && state->is_string() && state->as_string() != "waiting" &&
         state->as_string() != "ready" && state->as_string() != "running";
}

JsonValue with(const JsonValue& object, const JsonValue::Object& changes) {
  JsonValue::Object out = object.as_object();
  for (auto& [key, value] : out) {
    for (const auto& [changed, now] : changes) {
      if (changed == key) value = now;
    }
  }
  return out;
}

}  // namespace

Result<std::string> interrupted_record(const std::string& record, WallTime now) {
  std::string stamp;
  JsonWriter(stamp).value(now);
  GK_TRY(const JsonValue ended_at, parse_json(stamp));
  GK_TRY(const JsonValue graph, parse_json(record, kRecordLimits));
  const JsonValue* tasks = graph.find("tasks");
  if (tasks == nullptr || !tasks->is_array()) {
    return Error{Errc::invalid_argument, "a stored graph has no tasks"};
  }
  JsonValue::Array out;
  std::map<std::string, std::int64_t> counts;
  for (const JsonValue& task : tasks->as_array()) {
    if (!task.is_object()) return Error{Errc::invalid_argument, "a stored task is no object"};
    out.push_back(has_ended(task) ? task
                                  : with(task, {{"state", std::string("cancelled")},
                                                {"reason", std::string(kRestarted)},
                                                {"ended_at", ended_at}}));
    ++counts[out.back().find("state")->as_string()];
  }
  JsonValue::Object count;
  for (const char* name :
       {"waiting", "ready", "running", "succeeded", "failed", "skipped", "cancelled"}) {
    count.emplace_back(name, counts[name]);
  }
  return to_json(with(graph, {{"state", std::string("failed")},
                              {"reason", std::string(kRestarted)},
                              {"ended_at", ended_at},
                              {"counts", JsonValue(std::move(count))},
                              {"tasks", JsonValue(std::move(out))}}));
}

}  // namespace gk::arbiter
