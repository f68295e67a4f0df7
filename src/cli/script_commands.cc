#include "cli/script_commands.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "base/json_writer.h"
#include "base/try.h"
#include "base/utf8.h"
#include "cli/script_templates.h"
#include "cli/stop_signal.h"
#include "macros/scripts/rules/step_check.h"
#include "sys/files.h"

namespace gk::cli {
namespace {

constexpr std::size_t kMaxText = 256 * 1024;  // As of the library.
constexpr std::size_t kMaxBundle = 16 << 20;  // As of an import's body.

bool is_lua(const std::string& file) { return file.ends_with(".lua"); }

std::string stem_of(const std::string& file) { return std::filesystem::path(file).stem().string(); }

std::string path_of(const std::string& name, const std::string& rest = "") {
  return "/macro-scripts/" + name + rest;
}

/// "gk: file: actions[3].condition: …" for each complaint, as a compiler prints them.
void print_remarks(std::ostream& out, const std::string& file, const char* kind,
                   const macros::Complaints& remarks) {
  for (const auto& [path, text] : remarks) {
    out << file << ": " << kind << ": " << printable(path) << ": " << printable(text) << "\n";
  }
}

Result<JsonValue> put_file(Context& context, const std::string& name, const std::string& file) {
  if (const auto named = check_name(name); !named) return named.error();
  GK_TRY(const std::string source, sys::read_file(file, kMaxText));
  const auto steps = is_lua(file) ? Result<JsonValue>(JsonValue()) : parse_json(source);
  const std::string inside = steps && steps->is_object() ? text_of(*steps, "name") : "-";
  if (inside != "-" && inside != name) {
    context.err() << "gamekeeper: " << file << " has the name " << inside
                  << " inside; it is kept as " << name << "\n";
  }
  std::string body;
  JsonWriter(body)
      .begin_object()
      .field("kind", is_lua(file) ? "lua" : "steps")
      .field("source", source)
      .end_object();
  return context.send(net::Method::put, path_of(name), body);
}

Result<std::string> run_body(const ScriptRunOptions& options) {
  std::string body;
  JsonWriter w(body);
  w.begin_object();
  if (!options.id.empty()) w.field("macro_id", options.id);
  if (!options.game.empty()) w.field("game", options.game);
  if (!options.profile.empty()) w.field("profile", options.profile);
  if (!options.level.empty()) w.field("safety_level", options.level);
  if (!options.args.empty()) {
    const auto args = parse_json(options.args);
    if (!args) return Error{Errc::invalid_argument, "--args: " + args.error().message};
    w.key("args").value(*args);
  }
  w.end_object();
  return body;
}

/// A tab, as Lua's print has between its arguments, becomes a space: it would be shown as \x09.
std::string log_text(const JsonValue& line) {
  const JsonValue* text = line.find("text");
  std::string out = text != nullptr && text->is_string() ? text->as_string() : "-";
  std::replace(out.begin(), out.end(), '\t', ' ');
  return printable(out);
}

/// Prints lines after `last`, waiting up to `wait_s` for one. Returns the number of the last.
Result<std::int64_t> print_log(Context& context, const std::string& name, std::int64_t last,
                               int wait_s) {
  GK_TRY(const JsonValue log, context.get(path_of(name, "/log?after=" + std::to_string(last) +
                                                            "&wait_s=" + std::to_string(wait_s))));
  const JsonValue* lines = log.find("lines");
  if (lines != nullptr && lines->is_array()) {
    for (const JsonValue& line : lines->as_array()) {
      if (context.options().json) {
        context.out() << to_json(line) << "\n";
      } else {
        const std::string at = text_of(line, "at");
        context.out() << (at.size() > 19 ? at.substr(11, 8) : at) << "  " << log_text(line) << "\n";
      }
    }
    context.out().flush();
  }
  return static_cast<std::int64_t>(number_of(log, "last").value_or(0));
}

/// Prints the log until the macro has ended. Exit code 0: by itself, 1: cancelled or failed,
/// 128 + signal: by Ctrl-C, SIGTERM or SIGHUP.
int watch_run(Context& context, const std::string& id, std::int64_t last) {
  for (bool over = false;;) {
    if (stop_signal() != 0) {
      const auto stopped = context.post("/macro-safety/stop/" + id);
      if (!stopped) return context.fail(stopped.error());
      context.err() << "\nstopped " << id << "\n";
      return 128 + stop_signal();
    }
    const auto printed = print_log(context, id, last, over ? 0 : 1);
    if (!printed) return context.fail(printed.error());
    last = *printed;
    if (over) break;
    const auto state = context.get("/macro-safety/external/" + id + "/wait?timeout_s=0");
    const std::string word = state ? text_of(*state, "state") : "ended";
    over = word == "ended" || word == "cancelled" || word == "stopped";
    if (!over) continue;
    const std::string reason = state ? text_of(*state, "reason") : "-";
    if (word == "ended" && (reason == "-" || reason.empty())) continue;
    context.err() << id << ": " << word << (reason == "-" ? "" : ": " + reason) << "\n";
    (void)print_log(context, id, last, 0);
    return 1;
  }
  context.out() << id << " ended\n";
  return 0;
}

int write_template(Context& context, const std::string& name, bool lua, std::string file) {
  if (const auto named = check_name(name); !named) return context.fail(named.error());
  if (file.empty()) file = name + (lua ? ".lua" : ".json");
  std::error_code failed;
  if (std::filesystem::exists(file, failed)) {
    return context.fail(Error{Errc::already_exists, file + " exists; choose another --file"});
  }
  std::ofstream out(file, std::ios::binary);
  out << (lua ? lua_template(name) : steps_template(name));
  out.close();
  if (!out) return context.fail(Error{Errc::unavailable, file + ": cannot be written"});
  context.out() << "wrote " << file << "\ncheck it:  gamekeeper macro check " << file << "\n";
  return 0;
}

int change(Context& context, const std::string& path, const std::string& done) {
  const auto answer = context.post(path);
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) context.out() << done << "\n";
  return 0;
}

/// A bundle, or one text, which gets the name of its file.
int import(Context& context, const std::string& file, bool replace, bool keep_settings) {
  const auto text = sys::read_file(file, kMaxBundle);
  if (!text) return context.fail(text.error());
  if (is_lua(file) || text->find("\"gamekeeper_macros\"") == std::string::npos) {
    const auto put = put_file(context, stem_of(file), file);
    if (!put) return context.fail(put.error());
    if (!context.printed_json(*put)) {
      context.out() << "saved " << text_of(*put, "name") << ", version " << text_of(*put, "version")
                    << "\n";
    }
    return 0;
  }
  const auto answer =
      context.post(std::string("/macro-scripts/import?replace=") + (replace ? "true" : "false") +
                       "&keep_settings=" + (keep_settings ? "true" : "false"),
                   *text);
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  const JsonValue* names = answer->find("imported");
  if (names == nullptr || !names->is_array()) return 0;
  for (const JsonValue& name : names->as_array()) {
    if (name.is_string()) context.out() << "saved " << name.as_string() << "\n";
  }
  if (!keep_settings) context.out() << "they are disabled; gamekeeper macro enable NAME\n";
  return 0;
}

int export_bundle(Context& context, const std::vector<std::string>& names) {
  std::string path = "/macro-scripts/export";
  for (std::size_t i = 0; i < names.size(); ++i) path += (i == 0 ? "?names=" : ",") + names[i];
  const auto bundle = context.get(path);
  if (!bundle) return context.fail(bundle.error());
  context.out() << to_json(*bundle) << "\n";
  return 0;
}

/// Its cron line, "windows" without one, "-" without a schedule.
std::string when_of(const JsonValue& script) {
  const JsonValue* schedule = script.find("schedule");
  if (schedule == nullptr || !schedule->is_object()) return "-";
  return schedule->find("cron") == nullptr ? "windows" : text_of(*schedule, "cron");
}

}  // namespace

bool is_script_file(const std::string& word) { return word.ends_with(".json") || is_lua(word); }

int start_script(Context& context, const ScriptRunOptions& options) {
  const auto body = run_body(options);
  if (!body) return context.fail(body.error());
  const auto started = context.post(path_of(options.name, "/run"), *body);
  if (!started) return context.fail(started.error());
  if (context.printed_json(*started)) return 0;
  context.out() << "started " << text_of(*started, "macro_id") << " ("
                << text_of(*started, "safety_level") << ", at most "
                << human_duration(number_of(*started, "time_left").value_or(0)) << ")\n";
  return 0;
}

int run_script_file(Context& context, ScriptRunOptions options) {
  const std::string file = options.name;
  options.name = options.id.empty() ? stem_of(file) : options.id;
  const auto put = put_file(context, options.name, file);
  if (!put) return context.fail(put.error());
  std::int64_t last = 0;
  if (const auto log = context.get(path_of(options.name, "/log"))) {
    last = static_cast<std::int64_t>(number_of(*log, "last").value_or(0));
  }
  const auto body = run_body(options);
  if (!body) return context.fail(body.error());
  if (!options.detach) catch_stop_signals();  // Before it runs: none may leave it alone.
  const auto started = context.post(path_of(options.name, "/run"), *body);
  if (!started) return context.fail(started.error());
  context.err() << options.name << " runs (" << text_of(*started, "safety_level")
                << (options.detach ? "); `gamekeeper macro stop " + options.name + "` stops it\n"
                                   : "); Ctrl-C stops it\n");
  return options.detach ? 0 : watch_run(context, options.name, last);
}

int check_script(Context& context, const std::string& file, const std::string& level_word) {
  const auto level = macros::parse_check_level(level_word);
  if (!level) {
    return context.fail(Error{Errc::invalid_argument, "--level: basic, strict or complete"});
  }
  const auto source = sys::read_file(file, kMaxText);
  if (!source) return context.fail(source.error());
  macros::CheckReport report =
      is_lua(file) ? macros::check_lua_text(*source, *level) : macros::check_steps(*source, *level);
  bool grammar = true;
  if (is_lua(file)) {
    std::string body;
    JsonWriter(body)
        .begin_object()
        .field("kind", "lua")
        .field("name", stem_of(file))
        .field("level", level_word)
        .field("source", *source)
        .end_object();
    const auto answer = context.post("/macro-scripts/validate", body);
    grammar = answer.ok();
    const JsonValue* errors = answer ? answer->find("errors") : nullptr;
    if (errors != nullptr && errors->is_array()) {
      report.errors.clear();
      for (const JsonValue& error : errors->as_array()) {
        report.errors.emplace_back(text_of(error, "path"), text_of(error, "message"));
      }
      report.valid = report.errors.empty();
    }
  }
  if (context.options().json) {
    context.out() << macros::check_report_json(report) << "\n";
    return report.valid ? 0 : 1;
  }
  print_remarks(context.out(), file, "error", report.errors);
  print_remarks(context.out(), file, "warning", report.warnings);
  context.out() << file << ": " << (report.valid ? "valid" : "not valid") << " (" << level_word
                << ")";
  if (report.estimated_duration && report.valid) {
    context.out() << ", " << report.action_count << " actions, pauses of "
                  << human_duration(static_cast<double>(report.estimated_duration->count()) / 1e9);
  }
  if (!grammar) context.out() << "; its grammar was not checked: no daemon runs";
  context.out() << "\n";
  return report.valid ? 0 : 1;
}

int script_log(Context& context, const std::string& name, bool follow) {
  std::int64_t last = 0;
  for (int wait_s = 0;; wait_s = 10) {
    const auto printed = print_log(context, name, last, wait_s);
    if (!printed) return context.fail(printed.error());
    last = *printed;
    if (!follow) return 0;
  }
}

int list_library(Context& context) {
  const auto answer = context.get("/macro-scripts");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    rows.push_back({text_of(item, "name"), text_of(item, "kind"), text_of(item, "version"),
                    text_of(item, "enabled") == "true" ? "yes" : "no", text_of(item, "runs_on"),
                    when_of(item), text_of(item, "description")});
  }
  print_table(context.out(),
              {"NAME", "KIND", "VERSION", "ENABLED", "GAME", "SCHEDULE", "DESCRIPTION"}, rows);
  return 0;
}

namespace {

void add_new(CommandLine macro, Action& action) {
  struct Options {
    std::string name, file;
    bool lua = false, steps = false;
  };
  auto options = std::make_shared<Options>();  // shared: the parser and the action use it
  auto command = macro.add_subcommand("new", "Write the commented beginning of a macro");
  command.add_option("name", options->name, "a-z, 0-9, _ and -").required();
  command.add_flag("--steps", options->steps, "A list of steps (the default)");
  command.add_flag("--lua", options->lua, "A Lua program");
  command.add_option("--file", options->file, "Where; default NAME.json or NAME.lua");
  command.callback([&action, options] {
    action = [options](Context& context) {
      return write_template(context, options->name, options->lua, options->file);
    };
  });
}

void add_exchange(CommandLine macro, Action& action) {
  struct Options {
    std::string file;
    std::vector<std::string> names;
    bool replace = false, keep_settings = false;
  };
  auto options = std::make_shared<Options>();  // shared: the parser and the action use it
  auto in = macro.add_subcommand("import", "Put a text or a bundle into the library");
  in.add_option("file", options->file, "NAME.json, NAME.lua, or what export printed").required();
  in.add_flag("--replace", options->replace, "A bundle may replace macros");
  in.add_flag("--keep-settings", options->keep_settings, "Also enabled, resume and schedule");
  in.callback([&action, options] {
    action = [options](Context& context) {
      return import(context, options->file, options->replace, options->keep_settings);
    };
  });
  auto out = macro.add_subcommand("export", "Print macros of the library as a bundle");
  out.add_option("names", options->names, "Default: all");
  out.callback([&action, options] {
    action = [options](Context& context) { return export_bundle(context, options->names); };
  });
}

int list_versions(Context& context, const std::string& name) {
  const auto answer = context.get(path_of(name, "/versions"));
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    rows.push_back(
        {text_of(item, "version"), text_of(item, "saved_at"), text_of(item, "saved_by")});
  }
  print_table(context.out(), {"VERSION", "SAVED", "BY"}, rows);
  return 0;
}

int restore_version(Context& context, const std::string& name, std::int64_t version) {
  const auto answer =
      context.post(path_of(name, "/versions/" + std::to_string(version) + "/restore"));
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  context.out() << name << " has the text of version " << version << ", as version "
                << text_of(*answer, "version") << "\n";
  return 0;
}

void add_versions(CommandLine macro, Action& action) {
  auto name = std::make_shared<std::string>();       // shared: as above
  auto version = std::make_shared<std::int64_t>(0);  // shared: as above
  auto versions = macro.add_subcommand("versions", "The kept texts of a macro of the library");
  versions.add_option("name", *name, "Of the macro").required();
  versions.callback([&action, name] {
    action = [name](Context& context) {
      const auto named = check_name(*name);
      return named ? list_versions(context, *name) : context.fail(named.error());
    };
  });
  auto restore = macro.add_subcommand("restore", "Make an older text of a macro its newest");
  restore.add_option("name", *name, "Of the macro").required();
  restore.add_option("version", *version, "Its number, of `macro versions`").required();
  restore.callback([&action, name, version] {
    action = [name, version](Context& context) {
      const auto named = check_name(*name);
      return named ? restore_version(context, *name, *version) : context.fail(named.error());
    };
  });
}

void add_switches(CommandLine macro, Action& action) {
  auto name = std::make_shared<std::string>();  // shared: the parser and the action use it
  auto enable = macro.add_subcommand("enable", "Allow a macro of the library to start");
  enable.add_option("name", *name, "Of the macro").required();
  enable.callback([&action, name] {
    action = [name](Context& context) {
      return change(context, path_of(*name, "/enable"), *name + " may start");
    };
  });
  auto disable = macro.add_subcommand("disable", "Forbid a macro of the library to start");
  disable.add_option("name", *name, "Of the macro").required();
  disable.callback([&action, name] {
    action = [name](Context& context) {
      return change(context, path_of(*name, "/disable"), *name + " may not start any more");
    };
  });
  auto remove = macro.add_subcommand("remove", "Remove a macro with all its versions");
  remove.add_option("name", *name, "Of the macro").required();
  remove.callback([&action, name] {
    action = [name](Context& context) {
      const auto answer = context.send(net::Method::del, path_of(*name), "");
      if (!answer) return context.fail(answer.error());
      if (!context.printed_json(*answer)) context.out() << "removed " << *name << "\n";
      return 0;
    };
  });
}

}  // namespace

void add_script_commands(CommandLine macro, Action& action) {
  add_new(macro, action);
  add_exchange(macro, action);
  add_switches(macro, action);
  add_macro_schedule_command(macro, action);
  add_versions(macro, action);
}

}  // namespace gk::cli
