// task_graph_input.h: one graph as a caller describes it, checked; and as it stands, with times,
// attempts and reasons. The order of execution is rules/task_graph.h.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arbiter/rules/task_graph.h"
#include "base/json.h"
#include "base/json_writer.h"

namespace gk::arbiter {

/// Source: contract of the tasks room; numbers without a word there are chosen.
inline constexpr std::size_t kMaxGraphTasks = 1000;
inline constexpr double kMaxTaskSeconds = 86'400;  ///< sleep, timeout_s, deadline_s.
inline constexpr double kDefaultProcessTimeoutS = 300;
inline constexpr double kDefaultBackoffS = 0.1;
inline constexpr std::int64_t kMaxRetries = 19;
/// Of a record: a body of 1 MiB and what becomes of its tasks.
inline constexpr JsonLimits kRecordLimits{
    .max_depth = 40, .max_bytes = 16U << 20, .max_values = 1'000'000};

enum class ActionType : std::uint8_t { sleep, process, operation };

/// What a task does.
struct TaskAction {
  ActionType type = ActionType::sleep;
  double seconds = 0;                ///< sleep
  std::vector<std::string> command;  ///< process
  double timeout_s = kDefaultProcessTimeoutS;
  std::string kind, resource;  ///< operation
  std::uint8_t priority = 50;
  JsonValue input;
};

/// One task: what was asked for, then what became of it.
struct TaskEntry {
  std::string id;  ///< In its graph: [a-z0-9_-]{1,64}.
  TaskPriority priority = TaskPriority::normal;
  std::vector<std::uint32_t> depends_on;
  TaskAction action;
  std::int64_t retries = 0;
  double backoff_s = kDefaultBackoffS;
  std::optional<double> deadline_s;

  TaskState state = TaskState::waiting;
  std::string reason;
  int attempts = 0;
  WallTime submitted_at{};
  std::optional<WallTime> started_at, ended_at, deadline_at;
  std::string result_json;  ///< Empty: none.
};

struct GraphEntry {
  std::uint64_t number = 0;
  GraphId scheduled;  ///< None until it is on disk.
  std::string name, by, state = "running", reason;
  bool is_admin = false;
  WallTime submitted_at{};
  std::optional<WallTime> ended_at;
  std::vector<TaskEntry> tasks;
  bool dirty = false;  ///< Changed since it was written.

  std::string id() const { return "g" + std::to_string(number); }
  std::string task_id(std::uint32_t task) const { return id() + "." + tasks[task].id; }
};

using Complaints = std::vector<std::pair<std::string, std::string>>;  // Path, message.

/// Reads the body of POST /task-graphs. `check_operation` says what is wrong with the input of an
/// operation. Complaints of everything that is wrong; the entry is then of no use.
GraphEntry read_graph(const JsonValue& body,
                      const std::function<Result<void>(const TaskAction&)>& check_operation,
                      Complaints& complaints);
/// For the scheduler. `now`: what deadlines count from.
std::vector<TaskSpec> specs_of(const GraphEntry& graph, MonoTime now);

/// "waiting", "ready", "running", "succeeded", "failed", "skipped" or "cancelled".
std::string_view task_state_name(TaskState state);
std::string_view priority_name(TaskPriority priority);

void write_task(JsonWriter& w, const GraphEntry& graph, std::uint32_t task);
/// With its tasks.
std::string graph_json(const GraphEntry& graph);
void write_summary(JsonWriter& w, const GraphEntry& graph);

/// The record of a graph that was running when the daemon ended, as it is kept from then on.
/// Errors: invalid_argument (not a record).
Result<std::string> interrupted_record(const std::string& record, WallTime now);

}  // namespace gk::arbiter
