#include <iostream>
#include <iterator>
#include <ostream>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "net/loop.h"
#include "sys/files.h"

namespace gk::cli {
namespace {

constexpr std::size_t kMaxFile = 1U << 20;  // Source: the API's limit of a body

/// "3 of 5 succeeded, 1 failed".
std::string counts_of(const JsonValue& graph) {
  const JsonValue* counts = graph.find("counts");
  if (counts == nullptr) return "-";
  double all = 0;
  for (const auto& [state, count] : counts->as_object())
    all += number_of(*counts, state).value_or(0);
  std::string out = text_of(*counts, "succeeded") + " of " + format_number(all);
  for (const char* name : {"running", "failed", "skipped", "cancelled"}) {
    if (number_of(*counts, name).value_or(0) > 0) {
      out += ", " + text_of(*counts, name) + " " + name;
    }
  }
  return out;
}

int list(Context& context) {
  const auto answer = context.get("/task-graphs?limit=50");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& graph : items_of(*answer)) {
    rows.push_back({text_of(graph, "id"), text_of(graph, "name"), text_of(graph, "state"),
                    counts_of(graph), text_of(graph, "submitted_at"), text_of(graph, "reason")});
  }
  print_table(context.out(), {"GRAPH", "NAME", "STATE", "SUCCEEDED", "SUBMITTED", "REASON"}, rows);
  return 0;
}

void print_graph(Context& context, const JsonValue& graph) {
  context.out() << text_of(graph, "id") << "  " << text_of(graph, "name") << "  "
                << text_of(graph, "state") << "  " << counts_of(graph) << "\n";
  const JsonValue* tasks = graph.find("tasks");
  if (tasks == nullptr || !tasks->is_array()) return;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& task : tasks->as_array()) {
    rows.push_back({text_of(task, "name"), text_of(task, "priority"), text_of(task, "state"),
                    text_of(task, "attempts"), text_of(task, "reason")});
  }
  print_table(context.out(), {"TASK", "PRIORITY", "STATE", "ATTEMPTS", "REASON"}, rows);
}

int show(Context& context, const std::string& id) {
  const bool is_task = id.find('.') != std::string::npos;
  const auto answer = context.get((is_task ? "/tasks/" : "/task-graphs/") + id);
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  if (!is_task) {
    print_graph(context, *answer);
    return 0;
  }
  for (const char* key :
       {"id", "priority", "state", "reason", "attempts", "started_at", "ended_at"}) {
    context.out() << "  " << key << "  " << text_of(*answer, key) << "\n";
  }
  if (const JsonValue* result = answer->find("result"); result != nullptr && result->is_object()) {
    context.out() << "  result  " << to_json(*result) << "\n";
  }
  return 0;
}

int cancel(Context& context, const std::string& id) {
  const bool is_task = id.find('.') != std::string::npos;
  const auto answer = context.post((is_task ? "/tasks/" : "/task-graphs/") + id + "/cancel");
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) context.out() << "cancelled " << id << "\n";
  return 0;
}

/// Asks again and again until the graph has ended. Each wait is the daemon's idle answer time.
Result<JsonValue> wait_for_end(Context& context, const std::string& id, net::Loop& loop) {
  for (;;) {
    auto graph = context.get("/task-graphs/" + id);
    if (!graph || text_of(*graph, "state") != "running") return graph;
    loop.run_for(Millis(200));
  }
}

int run(Context& context, const std::string& file, bool wait) {
  const auto body =
      file == "-" ? Result<std::string>(std::string(std::istreambuf_iterator<char>(std::cin), {}))
                  : sys::read_file(file, kMaxFile);
  if (!body) return context.fail(body.error());
  const auto taken = context.post("/task-graphs", *body);
  if (!taken) return context.fail(taken.error());
  const std::string id = text_of(*taken, "id");
  if (!wait) {
    if (!context.printed_json(*taken)) context.out() << id << " runs\n";
    return 0;
  }
  net::Loop loop;
  const auto ended = wait_for_end(context, id, loop);
  if (!ended) return context.fail(ended.error());
  if (!context.printed_json(*ended)) print_graph(context, *ended);
  return text_of(*ended, "state") == "succeeded" ? 0 : 1;
}

void add_named(CommandLine parent, const char* name, const char* help, const char* what,
               Action& action, int (*function)(Context&, const std::string&)) {
  auto argument = std::make_shared<std::string>();  // shared: the parser and the action use it
  auto command = parent.add_subcommand(name, help);
  command.add_option("id", *argument, what).required();
  command.callback([&action, argument, function] {
    action = [argument, function](Context& context) { return function(context, *argument); };
  });
}

}  // namespace

void add_task_command(CommandLine app, Action& action) {
  auto task = app.add_subcommand("task", "Run graphs of tasks");
  task.require_subcommand();
  auto file = std::make_shared<std::string>();  // shared: the parser and the action use it
  auto wait = std::make_shared<bool>(false);    // shared: the same
  auto run_command = task.add_subcommand("run", "Run the graph in a JSON file (see docs/tasks.md)");
  run_command.add_option("file", *file, "The file; - reads the standard input").required();
  run_command.add_flag("--wait", *wait, "Wait for its end; exit code 1 unless it succeeded");
  run_command.callback([&action, file, wait] {
    action = [file, wait](Context& context) { return run(context, *file, *wait); };
  });
  task.add_subcommand("list", "Graphs, newest first").callback([&action] { action = list; });
  add_named(task, "show", "One graph or task", "Graph (g3) or task (g3.backup)", action, show);
  add_named(task, "cancel", "Cancel a graph or task", "Graph (g3) or task (g3.backup)", action,
            cancel);
}

}  // namespace gk::cli
