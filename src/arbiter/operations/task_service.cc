// Taking, running and ending graphs; how each action runs is task_actions.cc, what callers see is
// task_views.cc.
#include "arbiter/operations/task_service.h"

#include <algorithm>
#include <charconv>

#include "arbiter/operations/task_running.h"
#include "base/try.h"

namespace gk::arbiter {
namespace {

constexpr Millis kUpdatePeriod{250};  // Source: contract, at most 4 a second

/// The number of "g12"; 0 when it is not one.
std::uint64_t number_of(std::string_view id) {
  std::uint64_t number = 0;
  if (!id.starts_with('g')) return 0;
  const auto [end, error] = std::from_chars(id.data() + 1, id.data() + id.size(), number);
  return error == std::errc() && end == id.data() + id.size() ? number : 0;
}

}  // namespace

TaskService::TaskService(TaskOptions options, OperationService& operations, OperationStore& store,
                         net::Loop& loop, const Clock& clock, Random& random, Log& log,
                         Metrics& metrics, CpuUse cpu_use)
    : options_(std::move(options)),
      operations_(operations),
      store_(store),
      loop_(loop),
      clock_(clock),
      random_(random),
      log_(log),
      cpu_use_(std::move(cpu_use)),
      starter_(options_.process, loop, log),
      scheduler_({.max_tasks = options_.max_active_tasks,
                  .max_graphs = static_cast<std::uint32_t>(options_.max_active_graphs)}),
      succeeded_total_(
          metrics.counter("gamekeeper_tasks_total", "Tasks that ended", {{"end", "succeeded"}})),
      failed_total_(
          metrics.counter("gamekeeper_tasks_total", "Tasks that ended", {{"end", "other"}})),
      retried_total_(metrics.counter("gamekeeper_task_retries_total", "Tasks tried once more")),
      running_gauge_(metrics.gauge("gamekeeper_tasks_running", "Tasks that run now")) {}

TaskService::~TaskService() { stop(); }

void TaskService::stop() {
  stopped_ = true;
  wake_.cancel();
  save_timer_.cancel();
  update_timer_.cancel();
  running_.clear();  // Closes the control pipes: each worker ends its tree.
}

Result<void> TaskService::restore() {
  GK_TRY(auto graphs, store_.load_graphs());
  for (GraphRecord& graph : graphs) {
    last_graph_ = std::max(last_graph_, graph.number);
    if (!graph.ended) {
      auto record = interrupted_record(graph.record, clock_.wall());
      if (!record) {
        log_.warn("tasks.record", record.error().message, {{"graph", graph.number}});
        continue;
      }
      graph.record = std::move(*record);
      graph.ended = true;
      store_.save_graph(graph, [](const Result<void>&) {});
    }
    keep({graph.number, std::move(graph.record)});
  }
  return {};
}

void TaskService::keep(EndedGraph ended) {
  ended_.push_back(std::move(ended));
  while (ended_.size() > options_.max_ended_graphs) ended_.pop_front();
}

// ---- taking ----

void TaskService::submit(const JsonValue& body, const std::string& by, bool is_admin,
                         Complaints& complaints, Submitted done) {
  bool needs_admin = false;
  auto graph = std::make_shared<GraphEntry>(read_graph(
      body,
      [&](const TaskAction& action) -> Result<void> {
        GK_TRY(const bool needs, operations_.needs_admin(action.kind, action.input));
        needs_admin = needs_admin || needs;
        return {};
      },
      complaints));  // Shared with the save that it waits for.
  if (!complaints.empty()) return;
  for (const TaskEntry& task : graph->tasks) {
    needs_admin = needs_admin || task.action.type == ActionType::process;
  }
  if (needs_admin && !is_admin) {
    return done(
        Error{Errc::permission_denied, "running a program or changing files needs tasks:admin"});
  }
  const auto specs = specs_of(*graph, clock_.mono());
  if (const auto good = TaskScheduler::validate(specs, clock_.mono()); !good) {
    return done(good.error());
  }
  std::size_t tasks = pending_tasks_ + graph->tasks.size();
  for (const auto& [number, active] : active_) tasks += active->tasks.size();
  if (active_.size() >= options_.max_active_graphs || tasks > options_.max_active_tasks) {
    return done(Error{Errc::resource_exhausted, "too many graphs or tasks run already"});
  }
  graph->number = ++last_graph_;
  graph->by = by;
  graph->is_admin = is_admin;
  graph->submitted_at = clock_.wall();
  for (TaskEntry& task : graph->tasks) {
    task.submitted_at = graph->submitted_at;
    if (task.deadline_s) {
      task.deadline_at = graph->submitted_at + std::chrono::duration_cast<Micros>(
                                                   std::chrono::duration<double>(*task.deadline_s));
    }
  }
  pending_tasks_ += graph->tasks.size();
  store_.save_graph({graph->number, false, graph_json(*graph)},
                    [this, graph, done = std::move(done),
                     alive = std::weak_ptr<int>(alive_)](const Result<void>& saved) {
                      if (alive.expired() || stopped_) return;
                      pending_tasks_ -= graph->tasks.size();
                      if (!saved) return done(saved.error());
                      begin(graph, done);
                    });
}

/// The graph is on disk: runs it.
void TaskService::begin(std::shared_ptr<GraphEntry> graph, const Submitted& done) {
  const MonoTime now = clock_.mono();
  auto specs = specs_of(*graph, now);
  const auto id = scheduler_.submit(specs, now);
  if (!id) {
    store_.delete_graph(graph->number, [](const Result<void>&) {});
    return done(id.error());
  }
  graph->scheduled = *id;
  by_scheduled_[id->value] = graph.get();
  active_[graph->number] = graph;
  done(graph_json(*graph));
  for (std::uint32_t i = 0; i < graph->tasks.size(); ++i) {
    std::string out;
    JsonWriter w(out);
    write_task(w, *graph, i);
    created_.publish(out);
  }
  mark(*graph);
  pump();
}

// ---- running ----

GraphEntry* TaskService::graph_of(TaskRef ref) {
  const auto found = by_scheduled_.find(ref.graph.value);
  return found == by_scheduled_.end() ? nullptr : found->second;
}

/// Starts what may start, and sleeps until something is due.
void TaskService::pump() {
  if (pumping_ || stopped_) return;
  pumping_ = true;
  const std::optional<double> use = cpu_use_();
  const MachineLoad load =
      use && *use < options_.idle_below_pct ? MachineLoad::idle : MachineLoad::busy;
  const MonoTime now = clock_.mono();
  scheduler_.poll(now);
  take_ended();
  while (running_.size() < options_.workers) {
    const auto next = scheduler_.next(now, load);
    take_ended();
    if (!next) break;
    start(*next);
  }
  pumping_ = false;
  running_gauge_.set(static_cast<double>(running_.size()));
  schedule(now);
}

void TaskService::schedule(MonoTime now) {
  MonoTime next = scheduler_.next_event();
  // What is ready while a worker is free waits for an idle machine: nothing tells when it is.
  if (scheduler_.ready() > 0 && running_.size() < options_.workers) {
    next = std::min(next, now + options_.idle_period);
  }
  if (next == MonoTime::max()) return wake_.cancel();
  wake_ = loop_.after(std::max(next - now, Nanos(0)), [this] { pump(); });
}

void TaskService::start(TaskRef ref) {
  GraphEntry& graph = *graph_of(ref);
  TaskEntry& task = graph.tasks[ref.task];
  task.state = TaskState::running;
  task.reason.clear();
  ++task.attempts;
  if (!task.started_at) task.started_at = clock_.wall();
  mark(graph);
  auto running = std::make_unique<Running>();
  running->number = ++last_run_;
  running->ref = ref;
  running->since = clock_.mono();
  Running& entered = *running;
  running_[entered.number] = std::move(running);
  switch (task.action.type) {
    case ActionType::sleep: return run_sleep(entered, task.action);
    case ActionType::process: return run_process(entered, task.action);
    case ActionType::operation: return run_operation(entered, graph, task.action);
  }
}

/// An action has ended, with all that it started.
void TaskService::finish(std::uint64_t run, TaskResult result, std::string reason,
                         std::string result_json) {
  const auto node = running_.extract(run);
  if (node.empty()) return;
  const TaskRef ref = node.mapped()->ref;
  GraphEntry* graph = graph_of(ref);
  const auto state = scheduler_.state(ref);
  if (graph != nullptr && state && *state == TaskState::running) {
    TaskEntry& task = graph->tasks[ref.task];
    task.reason = std::move(reason);
    task.result_json = std::move(result_json);
    (void)scheduler_.finish(ref, result, clock_.mono(), random_);
    if (scheduler_.state(ref).value() == TaskState::backing_off) {
      task.state = TaskState::backing_off;
      task.reason = "attempt " + std::to_string(task.attempts) + " of " +
                    std::to_string(task.retries + 1) + " failed: " + task.reason;
      retried_total_.inc();
    }
    mark(*graph);
  }
  pump();
}

/// Writes down what the scheduler ended.
void TaskService::take_ended() {
  const auto ends = scheduler_.take_ended();
  for (const TaskEnd& end : ends) {
    GraphEntry* graph = graph_of(end.ref);
    if (graph == nullptr) continue;
    TaskEntry& task = graph->tasks[end.ref.task];
    task.state = end.state;
    task.ended_at = clock_.wall();
    if (end.state == TaskState::timed_out) task.reason = "its deadline passed";
    if (end.state == TaskState::cancelled) task.reason = "cancelled";
    if (end.because_of) {
      const TaskEntry& cause = graph->tasks[*end.because_of];
      task.reason = "it depends on " + cause.id + ", which " +
                    (cause.state == TaskState::cancelled ? "was cancelled" : "failed");
    }
    (end.state == TaskState::succeeded ? succeeded_total_ : failed_total_).inc();
    if (end.was_running) stop_running(end.ref);
    std::string out;
    JsonWriter w(out);
    write_task(w, *graph, end.ref.task);
    completed_.publish(out);
    mark(*graph);
  }
  // After all of them: one call may have ended every task of a graph.
  for (const TaskEnd& end : ends) {
    GraphEntry* graph = graph_of(end.ref);
    if (graph != nullptr && scheduler_.report(end.ref.graph).value().done()) end_graph(*graph);
  }
}

void TaskService::end_graph(GraphEntry& graph) {
  const auto is = [](TaskState state) {
    return [state](const TaskEntry& task) { return task.state == state; };
  };
  const auto failed = std::find_if(graph.tasks.begin(), graph.tasks.end(), [](const auto& task) {
    return task.state == TaskState::failed || task.state == TaskState::timed_out;
  });
  graph.ended_at = clock_.wall();
  graph.state = "succeeded";
  if (failed != graph.tasks.end()) {
    graph.state = "failed";
    graph.reason = failed->id + ": " + failed->reason;
  } else if (std::any_of(graph.tasks.begin(), graph.tasks.end(), is(TaskState::cancelled))) {
    graph.state = "cancelled";
  }
  const std::uint64_t number = graph.number;
  keep({number, graph_json(graph)});
  store_.save_graph({number, true, ended_.back().record},
                    [this, number](const Result<void>& saved) {
                      if (!saved)
                        log_.warn("tasks.save", saved.error().message, {{"graph", number}});
                    });
  const GraphId scheduled = graph.scheduled;
  by_scheduled_.erase(scheduled.value);
  active_.erase(number);  // `graph` is gone.
  (void)scheduler_.forget(scheduled);
}

// ---- cancelling ----

std::pair<GraphEntry*, std::uint32_t> TaskService::find_task(std::string_view id) const {
  const std::size_t dot = id.find('.');
  if (dot == std::string_view::npos) return {nullptr, 0};
  const auto found = active_.find(number_of(id.substr(0, dot)));
  if (found == active_.end()) return {nullptr, 0};
  auto& tasks = found->second->tasks;
  const auto task = std::find_if(tasks.begin(), tasks.end(),
                                 [&](const TaskEntry& t) { return t.id == id.substr(dot + 1); });
  if (task == tasks.end()) return {nullptr, 0};
  return {found->second.get(), static_cast<std::uint32_t>(task - tasks.begin())};
}

const TaskService::EndedGraph* TaskService::find_ended(std::string_view graph_id) const {
  const std::uint64_t number = number_of(graph_id);
  const auto found = std::find_if(ended_.begin(), ended_.end(),
                                  [&](const EndedGraph& g) { return g.number == number; });
  return found == ended_.end() ? nullptr : &*found;
}

Result<void> TaskService::cancel_graph(std::string_view id) {
  const auto found = active_.find(number_of(id));
  if (found == active_.end()) {
    if (find_ended(id) == nullptr) return Error{Errc::not_found, "no such graph"};
    return Error{Errc::failed_precondition, "the graph has ended"};
  }
  GK_CHECK_OK(scheduler_.cancel(found->second->scheduled));
  pump();
  return {};
}

Result<void> TaskService::cancel_task(std::string_view id) {
  const auto [graph, number] = find_task(id);
  if (graph == nullptr) {
    if (!task(id)) return Error{Errc::not_found, "no such task"};
    return Error{Errc::failed_precondition, "the task has ended"};
  }
  GK_CHECK_OK(scheduler_.cancel(TaskRef{graph->scheduled, number}));
  pump();
  return {};
}

// ---- telling and saving ----

void TaskService::mark(GraphEntry& graph) {
  graph.dirty = true;
  if (stopped_) return;
  if (!update_timer_.active()) {
    update_timer_ = loop_.after(kUpdatePeriod, [this] { updated_.publish(0); });
  }
  if (!save_timer_.active()) {
    save_timer_ = loop_.after(options_.save_period, [this] { save_dirty(); });
  }
}

void TaskService::save_dirty() {
  for (auto& [number, graph] : active_) {
    if (!std::exchange(graph->dirty, false)) continue;
    store_.save_graph({number, false, graph_json(refreshed(*graph))},
                      [kept = graph](const Result<void>& saved) {
                        if (!saved) kept->dirty = true;
                      });
  }
}

}  // namespace gk::arbiter
