#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string_view>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/script_commands.h"
#include "cli/stop_signal.h"

namespace gk::cli {
namespace {

struct StartOptions {
  std::string id, name, level, profile;
  std::int64_t pid = 0;
  std::vector<std::string> command;
  bool detach = false;
  bool json_lines = false;  ///< Of a program.
  std::string game;
  std::string args;    ///< A JSON object.
  std::string script;  ///< A macro of the library instead of a command.
};

Result<std::string> start_body(const StartOptions& options) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("macro_id", options.id);
  if (!options.name.empty()) w.field("macro_name", options.name);
  if (!options.level.empty()) w.field("safety_level", options.level);
  if (!options.profile.empty()) w.field("profile", options.profile);
  if (options.pid > 0) w.field("pid", options.pid);
  if (!options.command.empty()) {
    w.key("command").begin_array();
    for (const auto& word : options.command) w.value(word);
    w.end_array();
  }
  if (options.json_lines) w.field("protocol", "json-lines");
  if (!options.game.empty()) w.field("game", options.game);
  if (!options.args.empty()) {
    const auto args = parse_json(options.args);
    if (!args) return Error{Errc::invalid_argument, "--args: " + args.error().message};
    w.key("args").value(*args);
  }
  w.end_object();
  return body;
}

int list(Context& context) {
  const auto answer = context.get("/macro-safety/active-macros");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    rows.push_back(
        {text_of(item, "macro_id"), text_of(item, "macro_name"), text_of(item, "safety_level"),
         text_of(item, "state"), human_duration(number_of(item, "duration").value_or(0)),
         human_duration(number_of(item, "time_left").value_or(0)), text_of(item, "pid")});
  }
  print_table(context.out(), {"MACRO", "NAME", "LEVEL", "STATE", "RUNNING", "LEFT", "PID"}, rows);
  return 0;
}

int cancellations(Context& context) {
  const auto answer = context.get("/macro-safety/cancellations?limit=50");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    rows.push_back({text_of(item, "timestamp"), text_of(item, "macro_id"), text_of(item, "outcome"),
                    text_of(item, "cancellation_reason")});
  }
  print_table(context.out(), {"WHEN", "MACRO", "OUTCOME", "REASON"}, rows);
  return 0;
}

int start(Context& context, const StartOptions& options) {
  const auto body = start_body(options);
  if (!body) return context.fail(body.error());
  const auto answer = context.post("/macro-safety/start", *body);
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  context.out() << "started " << text_of(*answer, "macro_id") << " ("
                << text_of(*answer, "safety_level") << ", at most "
                << human_duration(number_of(*answer, "time_left").value_or(0)) << ")\n";
  return 0;
}

/// Prints a plain "POST this, show that" answer.
int post(Context& context, const std::string& path, const std::string& done) {
  const auto answer = context.post(path);
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) context.out() << done << "\n";
  return 0;
}

int pause(Context& context, const std::string& id) {
  return post(context, "/macro-safety/pause/" + id, "paused " + id);
}

int resume(Context& context, const std::string& id) {
  return post(context, "/macro-safety/resume/" + id, id + " goes on");
}

int stop(Context& context, const std::string& id) {
  return post(context, "/macro-safety/stop/" + id, "stopped " + id);
}

int stop_all(Context& context) {
  const auto answer = context.post("/macro-safety/stop-all");
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) {
    context.out() << "stopped " << text_of(*answer, "stopped") << " macros\n";
  }
  return 0;
}

int check(Context& context) {
  const auto answer = context.post("/macro-safety/check");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  const JsonValue* events = answer->find("cancellations");
  const bool none = events == nullptr || !events->is_array() || events->as_array().empty();
  if (none) context.out() << "nothing to cancel\n";
  if (none) return 0;
  for (const JsonValue& event : events->as_array()) {
    context.out() << text_of(event, "macro_id") << ": " << text_of(event, "cancellation_reason")
                  << "\n";
  }
  return 0;
}

/// Waits until the macro ended; a stop signal stops it. Exit code 0: it ended, 128 + signal.
int follow(Context& context, const std::string& id) {
  for (std::string known = "running";;) {
    if (stop_signal() != 0) {
      const auto answer = context.post("/macro-safety/stop/" + id);
      if (answer) context.err() << "\nstopped " << id << "\n";
      return answer ? 128 + stop_signal() : context.fail(answer.error());
    }
    // A long poll of the daemon: it answers when the macro's state changes, or after a second.
    const auto state =
        context.get("/macro-safety/external/" + id + "/wait?timeout_s=1&state=" + known);
    if (!state && state.error().code == Errc::not_found) break;
    if (!state) return context.fail(state.error());
    known = text_of(*state, "state");
    if (known == "ended" || known == "cancelled" || known == "stopped") break;
  }
  return 0;
}

/// The absolute path of a program, as a shell would find it; `name` itself when it is nowhere.
std::string find_program(const std::string& name) {
  namespace fs = std::filesystem;
  std::error_code failed;
  if (name.find('/') != std::string::npos) {
    const auto path = fs::absolute(name, failed);
    return failed ? name : path.string();
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string candidate = std::string(rest.substr(0, end)) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0 && !fs::is_directory(candidate, failed)) {
      return candidate;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return name;
}

/// The last lines of what a program printed; `text` without them stays unprinted.
void print_tail(std::ostream& out, std::string_view text) {
  constexpr int kLines = 20;  // Source: chosen; a screen keeps the line that says why
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t begin = text.size();
  for (int i = 0; i < kLines && begin != std::string_view::npos; ++i) {
    begin = begin == 0 ? std::string_view::npos : text.rfind('\n', begin - 1);
  }
  if (begin != std::string_view::npos) text.remove_prefix(begin + 1);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out << "  " << printable(text.substr(0, end)) << "\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

/// Says how a program ended, with its last words unless all is well. Exit code: the program's.
int report_end(Context& context, const std::string& id) {
  const auto answer = context.get("/macro-safety/output/" + id);
  if (!answer) return context.fail(answer.error());
  const auto code = number_of(*answer, "exit_code"), signal = number_of(*answer, "signal");
  const int result = code ? static_cast<int>(*code) : signal ? 128 + static_cast<int>(*signal) : 1;
  if (context.printed_json(*answer)) return result;
  if (result == 0) {
    context.out() << id << " ended\n";
    return 0;
  }
  context.err() << id
                << (code     ? " ended with exit code " + text_of(*answer, "exit_code")
                    : signal ? " was ended by signal " + text_of(*answer, "signal")
                             : " ended; nobody knows how");
  const JsonValue* output = answer->find("output");
  const bool silent = output == nullptr || !output->is_string() || output->as_string().empty();
  context.err() << (silent ? "; it printed nothing\n" : "; the last that it printed:\n");
  if (!silent) print_tail(context.err(), output->as_string());
  return result;
}

int run(Context& context, StartOptions options) {
  options.command[0] = find_program(options.command[0]);
  const auto body = start_body(options);
  if (!body) return context.fail(body.error());
  if (!options.detach) catch_stop_signals();  // Before it runs: none may leave it alone.
  const auto started = context.post("/macro-safety/start", *body);
  if (!started) return context.fail(started.error());
  const std::string since = text_of(*started, "start_time");
  context.err() << options.id << " runs (" << text_of(*started, "safety_level") << "), pid "
                << text_of(*started, "pid")
                << (options.detach ? "; `gamekeeper macro stop " + options.id + "` stops it\n"
                                   : "; Ctrl-C stops it\n");
  if (options.detach) return 0;
  const int code = follow(context, options.id);
  if (code != 0) return code;
  const auto events = context.get("/macro-safety/cancellations?limit=20");
  if (!events) return context.fail(events.error());
  for (const JsonValue& event : items_of(*events)) {
    if (text_of(event, "macro_id") != options.id || text_of(event, "timestamp") < since) continue;
    if (!context.printed_json(event)) {
      // Nobody decides by samples at an emergency stop: then there is no such time.
      const auto time = [&event](const char* label, const char* key) {
        const JsonValue* ms = event.find(key);
        if (ms == nullptr || ms->is_null()) return std::string();
        return std::string(label) + text_of(event, key) + " ms";
      };
      const std::string decided = time("decided in ", "decision_ms");
      const std::string gone = time("gone after ", "gone_ms");
      const char* between = decided.empty() || gone.empty() ? "" : ", ";
      const char* end = decided.empty() && gone.empty() ? "" : "; ";
      context.out() << options.id << " was cancelled: " << text_of(event, "cancellation_reason")
                    << "\n  " << decided << between << gone << end << "evidence "
                    << text_of(event, "id") << "\n";
    }
    return 1;
  }
  return report_end(context, options.id);
}

ScriptRunOptions script_options(const StartOptions& options, const std::string& name) {
  return {.name = name,
          .id = options.id,
          .game = options.game,
          .args = options.args,
          .profile = options.profile,
          .level = options.level,
          .detach = options.detach};
}

int run_command_or_file(Context& context, const StartOptions& options) {
  const auto named = options.id.empty() ? Result<void>() : check_name(options.id);
  if (!named) return context.fail(named.error());
  if (options.command.size() == 1 && is_script_file(options.command[0])) {
    return run_script_file(context, script_options(options, options.command[0]));
  }
  if (options.id.empty()) {
    return context.fail(Error{Errc::invalid_argument, "--id is required to run a program"});
  }
  return run(context, options);
}

int start_script_or_external(Context& context, const StartOptions& options) {
  if (!options.script.empty())
    return start_script(context, script_options(options, options.script));
  if (options.id.empty()) {
    return context.fail(Error{Errc::invalid_argument,
                              "expected the name of a macro of the library, or --id to register "
                              "automation that runs elsewhere"});
  }
  return start(context, options);
}

void add_start_options(CommandLine command, StartOptions& options) {
  command.add_option("--id", options.id,
                     "Id of the macro, e.g. dance; of a library macro its name");
  command.add_option("--name", options.name, "Name for people");
  command.add_option("--level", options.level, "safe, risky or dangerous")
      .one_of({"safe", "risky", "dangerous"});
  command.add_option("--profile", options.profile, "Override profile to use");
  command.add_option("--game", options.game, "The game that it acts on");
  command.add_option("--args", options.args, "Its arguments: a JSON object");
}

void add_simple(CommandLine parent, const char* name, const char* help, Action& action,
                int (*function)(Context&)) {
  parent.add_subcommand(name, help).callback([&action, function] { action = function; });
}

void add_of_one(CommandLine parent, const char* name, const char* help, Action& action,
                int (*function)(Context&, const std::string&)) {
  auto id = std::make_shared<std::string>();  // shared: the parser and the action use it
  auto command = parent.add_subcommand(name, help);
  command.add_option("id", *id, "Id of the macro").required();
  command.callback([&action, id, function] {
    action = [id, function](Context& context) {
      const auto named = check_name(*id);
      return named ? function(context, *id) : context.fail(named.error());
    };
  });
}

void add_start_commands(CommandLine macro, Action& action) {
  auto options = std::make_shared<StartOptions>();  // shared: the parser and the action use it
  auto run_command = macro.add_subcommand(
      "run", "Run a program, or a FILE.json or FILE.lua, as a macro and watch it");
  add_start_options(run_command, *options);
  run_command.add_flag("--detach", options->detach, "Do not wait for its end");
  run_command.add_flag("--json-lines", options->json_lines,
                       "The program asks for commands, state and metrics on its standard output");
  run_command.add_option("command", options->command, "Macro file, or -- program and arguments")
      .required();
  run_command.callback([&action, options] {
    action = [options](Context& context) { return run_command_or_file(context, *options); };
  });
  auto start_command = macro.add_subcommand(
      "start", "Start a macro of the library, or register automation that runs elsewhere");
  start_command.add_option("name", options->script, "Macro of the library");
  add_start_options(start_command, *options);
  start_command.add_option("--pid", options->pid, "Its process, to be stopped on cancellation");
  start_command.callback([&action, options] {
    action = [options](Context& context) { return start_script_or_external(context, *options); };
  });
}

void add_list(CommandLine macro, Action& action) {
  auto library = std::make_shared<bool>(false);  // shared: the parser and the action use it
  auto command = macro.add_subcommand("list", "Macros that run");
  command.add_flag("--library", *library, "Those of the library instead");
  command.callback([&action, library] {
    action = [library](Context& context) {
      return *library ? list_library(context) : list(context);
    };
  });
}

void add_check(CommandLine macro, Action& action) {
  auto file = std::make_shared<std::string>();             // shared: as above
  auto level = std::make_shared<std::string>("complete");  // shared: as above
  auto command =
      macro.add_subcommand("check", "Check a macro file; without one: evaluate all rules");
  command.add_option("file", *file, "FILE.json or FILE.lua");
  command.add_option("--level", *level, "How strictly: basic, strict or complete")
      .show_default()
      .one_of({"basic", "strict", "complete"});
  command.callback([&action, file, level] {
    action = [file, level](Context& context) {
      return file->empty() ? check(context) : check_script(context, *file, *level);
    };
  });
}

int write_log(Context& context) {
  const auto answer = context.post("/macro-safety/log");
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) context.out() << text_of(*answer, "path") << "\n";
  return 0;
}

void add_log(CommandLine macro, Action& action) {
  auto name = std::make_shared<std::string>();  // shared: as above
  auto follow = std::make_shared<bool>(false);  // shared: as above
  auto command = macro.add_subcommand(
      "log", "What a macro of the library did; without a name: write the cancellation log file");
  command.add_option("name", *name, "Of the macro");
  command.add_flag("-f,--follow", *follow, "Go on as it goes on");
  command.callback([&action, name, follow] {
    action = [name, follow](Context& context) {
      return name->empty() ? write_log(context) : script_log(context, *name, *follow);
    };
  });
}

}  // namespace

void add_macro_command(CommandLine app, Action& action) {
  auto macro = app.add_subcommand("macro", "Start, watch and stop macros");
  macro.require_subcommand();
  add_start_commands(macro, action);
  add_script_commands(macro, action);
  add_list(macro, action);
  add_simple(macro, "cancellations", "What was cancelled, and why", action, cancellations);
  add_check(macro, action);
  add_simple(macro, "stop-all", "Emergency stop", action, stop_all);
  add_of_one(macro, "stop", "Stop one macro", action, stop);
  add_of_one(macro, "pause", "Halt one macro until it is resumed", action, pause);
  add_of_one(macro, "resume", "Let a paused macro go on", action, resume);
  add_log(macro, action);
  add_quarantine_command(macro, action);
  add_macro_trends_command(macro, action);
}

}  // namespace gk::cli
