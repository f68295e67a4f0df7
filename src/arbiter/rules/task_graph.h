// task_graph.h: which task of which graph runs next.
//
// A scheduler, not waves: a task is ready as soon as the last task it depends on has succeeded,
// and the highest ready priority goes first, first come first served within one. Pure: the caller
// has the workers, calls next() when one is free and finish() when it is done; time and chance
// are arguments.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "gamekeeper/ids.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::arbiter {

using GraphId = Id<struct GraphTag>;

enum class TaskPriority : std::uint8_t {
  deferred = 0,  ///< Only when nothing else is ready and the machine is idle.
  low = 1,
  normal = 2,
  high = 3,
  critical = 4,
};

/// One task of a graph; its number is its place in the list.
struct TaskSpec {
  std::string name;                       ///< For errors and reports. At most 128 bytes.
  std::vector<std::uint32_t> depends_on;  ///< Numbers of tasks of the same graph.
  TaskPriority priority = TaskPriority::normal;
  std::uint8_t max_tries = 1;          ///< With the first; transient errors only. [1, 20]
  MonoTime deadline{MonoTime::max()};  ///< Then it ends, also while it runs.
  Millis backoff{0};                   ///< Before its first retry; 0: TaskLimits. [0, 1 h]
};

struct TaskRef {
  GraphId graph;
  std::uint32_t task = 0;

  friend bool operator==(TaskRef, TaskRef) = default;
};

enum class TaskState : std::uint8_t {
  waiting,  ///< For tasks it depends on.
  ready,    ///< For a worker.
  backing_off,
  running,
  succeeded,
  failed,
  timed_out,
  cancelled,
  skipped,  ///< A task it depends on did not succeed.
};

enum class TaskResult : std::uint8_t { success, transient_error, permanent_error };
enum class MachineLoad : std::uint8_t { busy, idle };

/// A task that ended. For running ones that timed out or were cancelled: stop them.
struct TaskEnd {
  TaskRef ref;
  TaskState state = TaskState::succeeded;
  std::optional<std::uint32_t> because_of;  ///< skipped: the task that did not succeed.
  bool was_running = false;                 ///< Its worker must be told to stop.
};

struct GraphReport {
  std::uint32_t tasks = 0, ended = 0, succeeded = 0, failed = 0, timed_out = 0, cancelled = 0,
                skipped = 0, retries = 0;
  bool done() const { return ended == tasks; }
};

/// Source: spec (0.1 s·2^n); the rest is chosen.
struct TaskLimits {
  std::uint32_t max_tasks = 1U << 20;  ///< In all graphs. [1, 2^24]
  std::uint32_t max_graphs = 1024;     ///< Until forgotten. [1, 65536]
  Nanos backoff{Millis(100)};          ///< Before the first retry; doubles. [1 ms, 1 min]
  Nanos max_backoff{Seconds(60)};      ///< Without jitter, which adds up to a half.
};

/// Thread:     compatible. Requires: `now` never decreases.
/// Invariants: a task runs only after all it depends on succeeded, and at most max_tries times;
///             each task ends exactly once.
/// Cost:       O(1 + dependents) a task, O(log n) with a deadline or a retry.
class TaskScheduler {
 public:
  explicit TaskScheduler(TaskLimits limits = {}) : limits_(limits) {}

  /// Whether submit() would take it, but for the limits. Errors: as submit().
  static Result<void> validate(std::span<const TaskSpec> tasks, MonoTime now);
  /// Errors: invalid_argument (missing dependency, a cycle: both named; max_tries, backoff or name
  ///         out of range, empty graph), deadline_exceeded (a deadline that is not ahead),
  ///         resource_exhausted. Then nothing was taken.
  Result<GraphId> submit(std::span<const TaskSpec> tasks, MonoTime now);
  /// The task to run now, if any; it counts as running.
  std::optional<TaskRef> next(MonoTime now, MachineLoad load);
  /// Errors: not_found (it does not run: it timed out or was cancelled); harmless.
  Result<void> finish(TaskRef ref, TaskResult result, MonoTime now, Random& random);
  /// Ends a task and skips what depends on it. Errors: not_found, failed_precondition (ended).
  Result<void> cancel(TaskRef ref);
  /// Errors: not_found.
  Result<void> cancel(GraphId graph);
  /// Frees a graph that is done. Errors: not_found, failed_precondition (not done).
  Result<void> forget(GraphId graph);

  /// Ends what is overdue and makes retries ready. Call at next_event(); next() does it too.
  void poll(MonoTime now);
  MonoTime next_event() const;
  std::vector<TaskEnd> take_ended() { return std::exchange(ended_, {}); }
  /// Errors: not_found.
  Result<GraphReport> report(GraphId graph) const;
  /// Errors: not_found.
  Result<TaskState> state(TaskRef ref) const;
  std::size_t ready() const;

 private:
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};  // chosen: no task has that key

  struct Task {
    std::uint64_t next = kNone;  // In the queue of its priority.
    MonoTime deadline{MonoTime::max()};
    std::uint32_t first_dependent = 0, missing = 0, backoff_ms = 0;
    TaskPriority priority = TaskPriority::normal;
    TaskState state = TaskState::waiting;
    std::uint8_t tries = 0, max_tries = 1;
  };
  struct Graph {
    GraphId id;
    std::vector<Task> tasks;  // One more than there are: it ends the last one's dependents.
    std::vector<std::uint32_t> dependents;
    GraphReport report;
  };
  struct Fifo {
    std::uint64_t head = kNone, tail = kNone;
    std::size_t size = 0;
  };
  using Due = std::pair<MonoTime, std::uint64_t>;
  using DueQueue = std::priority_queue<Due, std::vector<Due>, std::greater<>>;

  // A task's key: place of its graph, then its number.
  static std::uint64_t key_of(std::uint32_t place, std::uint32_t task) {
    return std::uint64_t{place} << 32 | task;
  }
  Task& at(std::uint64_t key) { return graphs_[key >> 32].tasks[static_cast<std::uint32_t>(key)]; }
  static Result<void> check(std::span<const TaskSpec> tasks, MonoTime now);
  static Result<void> check_cycles(const Graph& graph, std::span<const TaskSpec> tasks);
  static void link(Graph& graph, std::span<const TaskSpec> tasks);
  std::optional<std::uint32_t> place_of(GraphId id) const;
  void make_ready(std::uint64_t key);
  std::uint64_t pop(Fifo& fifo);
  void end(std::uint64_t key, TaskState state);
  void release_dependents(std::uint64_t key);
  void skip_dependents(std::uint64_t key);

  const TaskLimits limits_;
  std::vector<Graph> graphs_;
  std::vector<std::uint32_t> free_graphs_;
  std::unordered_map<std::uint64_t, std::uint32_t> places_;
  std::array<Fifo, 5> ready_;
  DueQueue deadlines_, retries_;
  std::vector<TaskEnd> ended_;
  std::uint64_t last_graph_ = 0;
  std::size_t tasks_ = 0;
};

}  // namespace gk::arbiter
