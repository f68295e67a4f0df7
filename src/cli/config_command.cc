// config_command.cc: the configuration: what holds, what is wrong with a file, and changes of it.
//
// `check` and `schema` need no daemon: they run gamekeeperd, which knows the keys, for its answer.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <ostream>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/users.h"
#include "sys/paths.h"

namespace gk::cli {
namespace {

struct ConfigOptions {
  std::string file, key, value, id, comment;
  bool text = false;
};

/// Beside this program (a build, /usr/local/bin), else in ../sbin (a package).
std::string daemon_program() {
  const std::filesystem::path dir = sys::program_dir();
  std::error_code ignored;
  const auto packaged = dir.parent_path() / "sbin" / "gamekeeperd";
  const bool beside = std::filesystem::exists(dir / "gamekeeperd", ignored);
  return (!beside && std::filesystem::exists(packaged, ignored) ? packaged : dir / "gamekeeperd")
      .string();
}

/// Becomes gamekeeperd with these words; returns only when that fails.
int run_daemon(Context& context, std::vector<std::string> words) {
  const std::string program = daemon_program();
  context.out() << std::flush;
  std::vector<char*> raw;
  words.insert(words.begin(), program);
  for (std::string& word : words) raw.push_back(word.data());
  raw.push_back(nullptr);
  ::execv(program.c_str(), raw.data());
  return context.fail({Errc::unavailable, "cannot run " + program + ": " + std::strerror(errno)});
}

int check(Context& context, const ConfigOptions& options) {
  std::vector<std::string> words = {"--check-config", "--data", context.options().data_dir};
  if (!options.file.empty()) words.insert(words.end(), {"--config", options.file});
  return run_daemon(context, std::move(words));
}

std::string value_text(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  return value == nullptr ? "-" : to_json(*value);
}

int show(Context& context, const ConfigOptions& options) {
  const auto answer = context.get("/config");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  if (options.text) {
    context.out() << answer->find("text")->as_string();
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& s : answer->find("settings")->as_array()) {
    const auto by_default = parse_json(text_of(s, "default"));  // TOML's values read as JSON's
    const bool fallback = by_default && value_text(s, "value") == to_json(*by_default);
    rows.push_back({text_of(s, "key"), value_text(s, "value"), fallback ? "" : "*",
                    text_of(s, "live") == "true" ? "at once" : "restart"});
  }
  print_table(context.out(), {"KEY", "VALUE", "CHANGED", "TAKES EFFECT"}, rows);
  context.out() << "revision " << text_of(*answer, "revision") << " of " << text_of(*answer, "file")
                << "\n";
  for (const JsonValue& key : answer->find("restart_required")->as_array()) {
    context.out() << "waits for a restart: " << key.as_string() << "\n";
  }
  for (const JsonValue& c : answer->find("complaints")->as_array()) {
    context.out() << "the file is wrong: line " << text_of(c, "line") << ": " << text_of(c, "key")
                  << ": " << text_of(c, "message") << "\n";
  }
  return 0;
}

int print_outcome(Context& context, const Result<JsonValue>& answer) {
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  auto& out = context.out();
  const JsonValue::Array& changes = answer->find("changes")->as_array();
  for (const JsonValue& c : changes) {
    out << text_of(c, "key") << ": " << value_text(c, "before") << " -> " << value_text(c, "after")
        << "\n";
  }
  for (const JsonValue& key : answer->find("restart_required")->as_array()) {
    out << "waits for a restart: " << key.as_string() << "\n";
  }
  out << (text_of(*answer, "changed") == "true" ? "revision " : "unchanged; revision ")
      << text_of(*answer, "revision") << " holds\n";
  return 0;
}

/// A number, true, false, null or an array as JSON; anything else is a string.
JsonValue value_of(const std::string& text) {
  auto parsed = parse_json(text);
  return parsed ? std::move(*parsed) : JsonValue(text);
}

int change(Context& context, const ConfigOptions& options, const JsonValue& value) {
  const auto now = context.get("/config");
  if (!now) return context.fail(now.error());
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("set").begin_object().field(options.key, value).end_object();
  w.field("comment", options.comment).end_object();
  return print_outcome(context,
                       context.send(net::Method::patch, "/config", body,
                                    {{"If-Match", "\"r" + text_of(*now, "revision") + "\""}}));
}

int revisions(Context& context) {
  const auto answer = context.get("/config/revisions");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& r : items_of(*answer)) {
    std::string keys;
    for (const JsonValue& c : r.find("changes")->as_array()) {
      keys += (keys.empty() ? "" : ", ") + text_of(c, "key");
    }
    rows.push_back({text_of(r, "id"), text_of(r, "at"), text_of(r, "by"), text_of(r, "cause"), keys,
                    text_of(r, "comment")});
  }
  print_table(context.out(), {"REVISION", "AT", "BY", "CAUSE", "KEYS", "COMMENT"}, rows);
  return 0;
}

int restore(Context& context, const ConfigOptions& options) {
  return print_outcome(context,
                       context.post("/config/revisions/" + path_segment(options.id) + "/restore"));
}

}  // namespace

// LONG: a table, one entry a subcommand.
void add_config_command(CommandLine app, Action& action) {
  auto config = app.add_subcommand("config", "The daemon's configuration");
  config.require_subcommand();
  auto options = std::make_shared<ConfigOptions>();  // shared: the parser and the action use it
  const auto call = [&action, options](int (*run)(Context&, const ConfigOptions&)) {
    return [&action, options, run] {
      action = [options, run](Context& context) { return run(context, *options); };
    };
  };
  auto check_command =
      config.add_subcommand("check", "All that is wrong with a file; the daemon is not needed");
  check_command.add_option("file", options->file, "Default: the file in the data folder");
  check_command.callback(call(check));
  auto show_command = config.add_subcommand("show", "What holds, key by key");
  show_command.add_flag("--text", options->text, "The text of the file instead");
  show_command.callback(call(show));
  config.add_subcommand("schema", "All keys as JSON Schema; the daemon is not needed")
      .callback(call([](Context& context, const ConfigOptions&) {
        return run_daemon(context, {"--print", "config-schema"});
      }));
  config.add_subcommand("reload", "Read the file again")
      .callback(call([](Context& context, const ConfigOptions&) {
        return print_outcome(context, context.post("/config/reload"));
      }));
  auto set_command = config.add_subcommand("set", "Change one key of the file");
  set_command.add_option("key", options->key, "Such as monitor.interval_s").required();
  set_command.add_option("value", options->value, "A word, or JSON: 2, true, [\"a\"]").required();
  set_command.add_option("--comment", options->comment, "Why");
  set_command.callback(call([](Context& context, const ConfigOptions& o) {
    return change(context, o, value_of(o.value));
  }));
  auto unset_command =
      config.add_subcommand("unset", "Take a key out of the file: its default holds");
  unset_command.add_option("key", options->key, "Such as monitor.interval_s").required();
  unset_command.add_option("--comment", options->comment, "Why");
  unset_command.callback(call(
      [](Context& context, const ConfigOptions& o) { return change(context, o, JsonValue()); }));
  config.add_subcommand("revisions", "What held before, and who changed it")
      .callback(call([](Context& context, const ConfigOptions&) { return revisions(context); }));
  auto restore_command = config.add_subcommand("restore", "Put a revision in force again");
  restore_command.add_option("revision", options->id, "Its number").required();
  restore_command.callback(call(restore));
}

}  // namespace gk::cli
