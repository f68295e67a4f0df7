#include "arbiter/rules/task_graph.h"

#include <algorithm>

namespace gk::arbiter {
namespace {

std::string name_of(std::span<const TaskSpec> tasks, std::uint32_t task) {
  const std::string& name = tasks[task].name;
  return name.empty() ? "task " + std::to_string(task) : name;
}

constexpr Millis kMaxBackoff = std::chrono::hours(1);  // Source: chosen

bool ended(TaskState state) { return state >= TaskState::succeeded; }

/// 0.1 s·2^n and up to a half more, so that tasks that failed together do not retry together.
Nanos backoff(const TaskLimits& limits, Millis own, std::uint8_t tries, Random& random) {
  Nanos base = own > Millis(0) ? Nanos(own) : limits.backoff;
  const Nanos most = std::max(limits.max_backoff, base);
  for (std::uint8_t i = 1; i < tries && base < most; ++i) base *= 2;
  base = std::min(base, most);
  const auto half = static_cast<std::uint64_t>(base.count() / 2);
  return base + Nanos(static_cast<Nanos::rep>(random.u64() % (half + 1)));
}

}  // namespace

Result<void> TaskScheduler::check(std::span<const TaskSpec> tasks, MonoTime now) {
  if (tasks.empty()) return Error{Errc::invalid_argument, "a graph has at least one task"};
  for (std::uint32_t i = 0; i < tasks.size(); ++i) {
    const TaskSpec& task = tasks[i];
    if (task.max_tries < 1 || task.max_tries > 20 || task.name.size() > 128 ||
        task.priority > TaskPriority::critical || task.backoff < Millis(0) ||
        task.backoff > kMaxBackoff) {
      return Error{Errc::invalid_argument, name_of(tasks, i) +
                                               ": a name has at most 128 bytes, max_tries is in "
                                               "[1, 20], backoff in [0, 1 h]"};
    }
    if (task.deadline <= now) {
      return Error{Errc::deadline_exceeded, name_of(tasks, i) + ": its deadline is not ahead"};
    }
    for (const std::uint32_t need : task.depends_on) {
      if (need >= tasks.size()) {
        return Error{Errc::invalid_argument, name_of(tasks, i) + " depends on task " +
                                                 std::to_string(need) + ", which is missing"};
      }
    }
  }
  return {};
}

/// Dependents of all tasks in one array, by counting.
void TaskScheduler::link(Graph& graph, std::span<const TaskSpec> tasks) {
  graph.tasks.assign(tasks.size() + 1, Task{});
  for (const TaskSpec& spec : tasks) {
    for (const std::uint32_t need : spec.depends_on) ++graph.tasks[need + 1].first_dependent;
  }
  for (std::size_t i = 1; i <= tasks.size(); ++i) {
    graph.tasks[i].first_dependent += graph.tasks[i - 1].first_dependent;
  }
  graph.dependents.resize(graph.tasks[tasks.size()].first_dependent);
  std::vector<std::uint32_t> filled(tasks.size(), 0);
  for (std::uint32_t i = 0; i < tasks.size(); ++i) {
    Task& task = graph.tasks[i];
    task.priority = tasks[i].priority;
    task.max_tries = tasks[i].max_tries;
    task.deadline = tasks[i].deadline;
    task.backoff_ms = static_cast<std::uint32_t>(tasks[i].backoff.count());
    task.missing = static_cast<std::uint32_t>(tasks[i].depends_on.size());
    for (const std::uint32_t need : tasks[i].depends_on) {
      graph.dependents[graph.tasks[need].first_dependent + filled[need]++] = i;
    }
  }
}

/// Takes away tasks without open dependencies (Kahn); what is left holds a cycle, which is named.
Result<void> TaskScheduler::check_cycles(const Graph& graph, std::span<const TaskSpec> tasks) {
  std::vector<std::uint32_t> missing(tasks.size()), free;
  for (std::uint32_t i = 0; i < tasks.size(); ++i) {
    missing[i] = graph.tasks[i].missing;
    if (missing[i] == 0) free.push_back(i);
  }
  for (std::size_t done = 0; done < free.size(); ++done) {
    const std::uint32_t from = graph.tasks[free[done]].first_dependent;
    const std::uint32_t to = graph.tasks[free[done] + 1].first_dependent;
    for (std::uint32_t d = from; d < to; ++d) {
      if (--missing[graph.dependents[d]] == 0) free.push_back(graph.dependents[d]);
    }
  }
  if (free.size() == tasks.size()) return {};
  // Each task that is left depends on one that is left: walking along comes round.
  std::uint32_t at = 0;
  while (missing[at] == 0) ++at;
  const auto open = [&](std::uint32_t task) {
    const auto& needs = tasks[task].depends_on;
    return *std::find_if(needs.begin(), needs.end(), [&](auto need) { return missing[need] != 0; });
  };
  for (std::size_t i = 0; i < tasks.size(); ++i) at = open(at);
  std::string cycle = name_of(tasks, at);
  std::uint32_t next = open(at);
  for (int shown = 0; next != at && shown < 8; ++shown, next = open(next)) {
    cycle += " -> " + name_of(tasks, next);
  }
  cycle += next == at ? " -> " + name_of(tasks, at) : " -> ...";
  return Error{Errc::invalid_argument, "the tasks depend on each other in a cycle: " + cycle};
}

Result<void> TaskScheduler::validate(std::span<const TaskSpec> tasks, MonoTime now) {
  if (auto good = check(tasks, now); !good) return good;
  Graph graph;
  link(graph, tasks);
  return check_cycles(graph, tasks);
}

Result<GraphId> TaskScheduler::submit(std::span<const TaskSpec> tasks, MonoTime now) {
  poll(now);
  if (auto good = check(tasks, now); !good) return std::move(good).error();
  if (tasks_ + tasks.size() > limits_.max_tasks || places_.size() >= limits_.max_graphs) {
    return Error{Errc::resource_exhausted, "the scheduler has all of its tasks or graphs"};
  }
  Graph graph;
  link(graph, tasks);
  if (auto good = check_cycles(graph, tasks); !good) return std::move(good).error();
  graph.id = GraphId(++last_graph_);
  graph.report.tasks = static_cast<std::uint32_t>(tasks.size());
  tasks_ += tasks.size();
  if (free_graphs_.empty()) {
    free_graphs_.push_back(static_cast<std::uint32_t>(graphs_.size()));
    graphs_.emplace_back();
  }
  const std::uint32_t place = free_graphs_.back();
  free_graphs_.pop_back();
  places_[graph.id.value] = place;
  const GraphId id = graph.id;
  graphs_[place] = std::move(graph);
  for (std::uint32_t i = 0; i < tasks.size(); ++i) {
    const Task& task = graphs_[place].tasks[i];
    if (task.deadline != MonoTime::max()) deadlines_.push({task.deadline, key_of(place, i)});
    if (task.missing == 0) make_ready(key_of(place, i));
  }
  poll(now);
  return id;
}

std::optional<std::uint32_t> TaskScheduler::place_of(GraphId id) const {
  const auto found = places_.find(id.value);
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

void TaskScheduler::make_ready(std::uint64_t key) {
  Task& task = at(key);
  Fifo& fifo = ready_[static_cast<std::size_t>(task.priority)];
  task.state = TaskState::ready;
  task.next = kNone;
  (fifo.tail == kNone ? fifo.head : at(fifo.tail).next) = key;
  fifo.tail = key;
  ++fifo.size;
}

std::uint64_t TaskScheduler::pop(Fifo& fifo) {
  const std::uint64_t key = fifo.head;
  fifo.head = at(key).next;
  if (fifo.head == kNone) fifo.tail = kNone;
  --fifo.size;
  return key;
}

std::optional<TaskRef> TaskScheduler::next(MonoTime now, MachineLoad load) {
  poll(now);
  for (std::size_t p = ready_.size(); p-- > 0;) {
    if (p == 0 && load == MachineLoad::busy) return std::nullopt;
    while (ready_[p].head != kNone) {
      const std::uint64_t key = pop(ready_[p]);
      Task& task = at(key);
      if (task.state != TaskState::ready) continue;  // ended while it waited
      task.state = TaskState::running;
      ++task.tries;
      return TaskRef{graphs_[key >> 32].id, static_cast<std::uint32_t>(key)};
    }
  }
  return std::nullopt;
}

void TaskScheduler::end(std::uint64_t key, TaskState state) {
  Task& task = at(key);
  Graph& graph = graphs_[key >> 32];
  const bool ran = task.state == TaskState::running && state != TaskState::succeeded &&
                   state != TaskState::failed;
  task.state = state;
  GraphReport& report = graph.report;
  ++report.ended;
  if (state == TaskState::succeeded) ++report.succeeded;
  if (state == TaskState::failed) ++report.failed;
  if (state == TaskState::timed_out) ++report.timed_out;
  if (state == TaskState::cancelled) ++report.cancelled;
  if (state == TaskState::skipped) ++report.skipped;
  ended_.push_back({{graph.id, static_cast<std::uint32_t>(key)}, state, std::nullopt, ran});
}

void TaskScheduler::release_dependents(std::uint64_t key) {
  const Graph& graph = graphs_[key >> 32];
  const auto number = static_cast<std::uint32_t>(key);
  for (std::uint32_t d = graph.tasks[number].first_dependent;
       d < graph.tasks[number + 1].first_dependent; ++d) {
    const std::uint64_t dependent =
        key_of(static_cast<std::uint32_t>(key >> 32), graph.dependents[d]);
    Task& task = at(dependent);
    if (--task.missing == 0 && task.state == TaskState::waiting) make_ready(dependent);
  }
}

void TaskScheduler::skip_dependents(std::uint64_t key) {
  const auto place = static_cast<std::uint32_t>(key >> 32);
  const Graph& graph = graphs_[place];
  const auto cause = static_cast<std::uint32_t>(key);
  std::vector<std::uint32_t> open{cause};
  while (!open.empty()) {
    const std::uint32_t number = open.back();
    open.pop_back();
    for (std::uint32_t d = graph.tasks[number].first_dependent;
         d < graph.tasks[number + 1].first_dependent; ++d) {
      const std::uint32_t dependent = graph.dependents[d];
      if (ended(graph.tasks[dependent].state)) continue;
      end(key_of(place, dependent), TaskState::skipped);
      ended_.back().because_of = cause;
      open.push_back(dependent);
    }
  }
}

Result<void> TaskScheduler::finish(TaskRef ref, TaskResult result, MonoTime now, Random& random) {
  poll(now);
  const auto place = place_of(ref.graph);
  if (!place || ref.task >= graphs_[*place].report.tasks ||
      graphs_[*place].tasks[ref.task].state != TaskState::running) {
    return Error{Errc::not_found, "that task does not run"};
  }
  const std::uint64_t key = key_of(*place, ref.task);
  Task& task = at(key);
  if (result == TaskResult::success) {
    end(key, TaskState::succeeded);
    release_dependents(key);
  } else if (result == TaskResult::transient_error && task.tries < task.max_tries) {
    task.state = TaskState::backing_off;
    ++graphs_[*place].report.retries;
    retries_.push({now + backoff(limits_, Millis(task.backoff_ms), task.tries, random), key});
  } else {
    end(key, TaskState::failed);
    skip_dependents(key);
  }
  return {};
}

Result<void> TaskScheduler::cancel(TaskRef ref) {
  const auto place = place_of(ref.graph);
  if (!place || ref.task >= graphs_[*place].report.tasks) {
    return Error{Errc::not_found, "no such task"};
  }
  const std::uint64_t key = key_of(*place, ref.task);
  if (ended(at(key).state)) return Error{Errc::failed_precondition, "the task has ended"};
  end(key, TaskState::cancelled);
  skip_dependents(key);
  return {};
}

Result<void> TaskScheduler::cancel(GraphId graph) {
  const auto place = place_of(graph);
  if (!place) return Error{Errc::not_found, "no such graph"};
  for (std::uint32_t i = 0; i < graphs_[*place].report.tasks; ++i) {
    const std::uint64_t key = key_of(*place, i);
    if (!ended(at(key).state)) end(key, TaskState::cancelled);
  }
  return {};
}

void TaskScheduler::poll(MonoTime now) {
  while (!retries_.empty() && retries_.top().first <= now) {
    const std::uint64_t key = retries_.top().second;
    retries_.pop();
    if (at(key).state == TaskState::backing_off) make_ready(key);
  }
  while (!deadlines_.empty() && deadlines_.top().first <= now) {
    const std::uint64_t key = deadlines_.top().second;
    deadlines_.pop();
    if (ended(at(key).state)) continue;
    end(key, TaskState::timed_out);
    skip_dependents(key);
  }
}

MonoTime TaskScheduler::next_event() const {
  MonoTime next = MonoTime::max();
  if (!retries_.empty()) next = std::min(next, retries_.top().first);
  if (!deadlines_.empty()) next = std::min(next, deadlines_.top().first);
  return next;
}

Result<void> TaskScheduler::forget(GraphId id) {
  const auto place = place_of(id);
  if (!place) return Error{Errc::not_found, "no such graph"};
  Graph& graph = graphs_[*place];
  if (!graph.report.done()) return Error{Errc::failed_precondition, "the graph is not done"};
  // Queues may still hold keys of its tasks: take them out before the place is used again.
  const auto mine = [&](std::uint64_t key) { return (key >> 32) == *place; };
  for (Fifo& fifo : ready_) {
    Fifo kept;
    while (fifo.head != kNone) {
      const std::uint64_t key = pop(fifo);
      if (mine(key)) continue;
      (kept.tail == kNone ? kept.head : at(kept.tail).next) = key;
      at(key).next = kNone;
      kept.tail = key;
      ++kept.size;
    }
    fifo = kept;
  }
  for (DueQueue* queue : {&retries_, &deadlines_}) {
    DueQueue kept;
    for (; !queue->empty(); queue->pop()) {
      if (!mine(queue->top().second)) kept.push(queue->top());
    }
    *queue = std::move(kept);
  }
  tasks_ -= graph.report.tasks;
  places_.erase(id.value);
  graph = Graph{};
  free_graphs_.push_back(*place);
  return {};
}

Result<GraphReport> TaskScheduler::report(GraphId graph) const {
  const auto place = place_of(graph);
  if (!place) return Error{Errc::not_found, "no such graph"};
  return graphs_[*place].report;
}

Result<TaskState> TaskScheduler::state(TaskRef ref) const {
  const auto place = place_of(ref.graph);
  if (!place || ref.task >= graphs_[*place].report.tasks) {
    return Error{Errc::not_found, "no such task"};
  }
  return graphs_[*place].tasks[ref.task].state;
}

std::size_t TaskScheduler::ready() const {
  std::size_t count = 0;
  for (const Fifo& fifo : ready_) count += fifo.size;
  return count;
}

}  // namespace gk::arbiter
