// task_service.h: runs graphs of tasks with a few workers, and keeps what became of them.
//
// Which task is next is rules/task_graph.h; this has the workers, the clock and the record in
// state.db. A graph runs only once it is on disk, so what was acknowledged is known after a crash:
// as failed, because the daemon restarted. Routes are routes.h.

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "arbiter/operations/operation_service.h"
#include "arbiter/operations/process_task.h"
#include "arbiter/operations/task_graph_input.h"
#include "arbiter/rules/task_graph.h"
#include "base/topic.h"

namespace gk::arbiter {

/// Source: contract of the tasks room (workers, 200 graphs, 50 %); the rest is chosen.
struct TaskOptions {
  std::size_t workers = 2;             ///< Tasks that run at a time. [1, 64]
  std::size_t max_active_graphs = 64;  ///< The newest is refused.
  std::uint32_t max_active_tasks = 20'000;
  std::size_t max_ended_graphs = 200;  ///< The oldest loses.
  double idle_below_pct = 50;          ///< CPU use below which deferred tasks may run.
  Millis idle_period{500};             ///< Between looks at the CPU while one waits for it.
  Millis save_period{1'000};           ///< Between writes of the progress of running graphs.
  ProcessOptions process;
};

/// Thread: loop. Invariants: at most `workers` tasks run; a program that was told to stop keeps its
///         worker until its whole tree is gone.
class TaskService {
 public:
  /// The CPU use of the machine in %; nothing while unknown, which counts as busy.
  using CpuUse = std::function<std::optional<double>()>;
  using Submitted = std::function<void(const Result<std::string>&)>;

  TaskService(TaskOptions options, OperationService& operations, OperationStore& store,
              net::Loop& loop, const Clock& clock, Random& random, Log& log, Metrics& metrics,
              CpuUse cpu_use);
  ~TaskService();  ///< As stop().

  /// Takes what was kept; graphs that ran are failed from now on. Blocks: at start-up only.
  /// Errors: those of the store.
  Result<void> restore();
  /// Ends all programs and runs nothing more.
  void stop();

  /// Checks a graph, writes it down, then runs it. `done` gets its JSON, or:
  /// invalid_argument (a cycle, by name), resource_exhausted, permission_denied (programs and
  /// operations that need an administrator), those of the store. Then nothing was taken.
  /// Complaints about the body's form go to `complaints`, then `done` is not called.
  void submit(const JsonValue& body, const std::string& by, bool is_admin, Complaints& complaints,
              Submitted done);
  /// Errors: not_found, failed_precondition (it has ended).
  Result<void> cancel_graph(std::string_view id);
  Result<void> cancel_task(std::string_view id);

  std::string graphs_json(std::size_t limit, std::string_view cursor) const;
  /// Newest graph first. `state`: only those, empty for all.
  std::string tasks_json(std::size_t limit, std::string_view cursor, std::string_view state) const;
  /// Errors: not_found.
  Result<std::string> graph(std::string_view id) const;
  Result<std::string> task(std::string_view id) const;
  Result<std::string> task_status(std::string_view id) const;
  /// {graphs: [the newest 20, with their tasks]}
  std::string update_json() const;

  /// JSON of a task, when it is taken and when it ended.
  Topic<std::string>& created() { return created_; }
  Topic<std::string>& completed() { return completed_; }
  /// Something looks different; at most 4 a second.
  Topic<int>& updated() { return updated_; }

  std::size_t running() const { return running_.size(); }
  std::size_t active_graphs() const { return active_.size(); }

 private:
  struct Running;
  struct EndedGraph {
    std::uint64_t number = 0;
    std::string record;  ///< JSON.
  };

  void begin(std::shared_ptr<GraphEntry> graph, const Submitted& done);
  GraphEntry* graph_of(TaskRef ref);
  const GraphEntry& refreshed(GraphEntry& graph) const;
  std::pair<GraphEntry*, std::uint32_t> find_task(std::string_view id) const;
  const EndedGraph* find_ended(std::string_view graph_id) const;
  void pump();
  void start(TaskRef ref);
  void run_sleep(Running& running, const TaskAction& action);
  void run_process(Running& running, const TaskAction& action);
  void run_operation(Running& running, const GraphEntry& graph, const TaskAction& action);
  void finish(std::uint64_t run, TaskResult result, std::string reason, std::string result_json);
  void stop_running(TaskRef ref);
  void take_ended();
  void end_graph(GraphEntry& graph);
  void mark(GraphEntry& graph);
  void schedule(MonoTime now);
  void save_dirty();
  void keep(EndedGraph ended);

  const TaskOptions options_;
  OperationService& operations_;
  OperationStore& store_;
  net::Loop& loop_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  const CpuUse cpu_use_;
  ProcessStarter starter_;
  TaskScheduler scheduler_;
  std::map<std::uint64_t, std::shared_ptr<GraphEntry>> active_;  // Shared with a pending save.
  std::map<std::uint64_t, GraphEntry*> by_scheduled_;            // GraphId → entry.
  std::deque<EndedGraph> ended_;                                 // Oldest first.
  std::map<std::uint64_t, std::unique_ptr<Running>> running_;    // By run number.
  Topic<std::string> created_, completed_;
  Topic<int> updated_;
  net::Handle wake_, update_timer_, save_timer_;
  std::uint64_t last_graph_ = 0, last_run_ = 0;
  std::size_t pending_tasks_ = 0;  // Of graphs that are being written down.
  bool pumping_ = false, stopped_ = false;
  Counter succeeded_total_, failed_total_, retried_total_;
  Gauge running_gauge_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // Shared with posted answers.
};

}  // namespace gk::arbiter
