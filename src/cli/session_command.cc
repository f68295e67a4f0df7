#include <poll.h>

#include <algorithm>
#include <fstream>
#include <ostream>
#include <sstream>

#include "base/json_writer.h"
#include "cli/commands.h"

namespace gk::cli {
namespace {

constexpr int kPolls = 200;  // Source: chosen; with the step, 20 s for a command
constexpr Millis kPollTimeout{100};

/// Sends a command and follows it to its end. Exit code 1: it failed.
int run_command(Context& context, const std::string& body) {
  auto record = context.post("/commands", body);
  if (!record) return context.fail(record.error());
  const std::string path = "/commands/" + text_of(*record, "command_id");
  for (int i = 0; i < kPolls && text_of(*record, "state") == "running"; ++i) {
    ::poll(nullptr, 0, static_cast<int>(kPollTimeout.count()));
    record = context.get(path);
    if (!record) return context.fail(record.error());
  }
  const JsonValue* error = record->find("error");
  const bool failed = error != nullptr && error->is_object();
  if (!context.printed_json(*record)) {
    context.out() << text_of(*record, "type") << " " << text_of(*record, "action") << ": "
                  << text_of(*record, "state");
    if (failed) context.out() << ": " << text_of(*error, "detail");
    context.out() << "\n";
  }
  return failed ? 1 : 0;
}

std::string body_of(std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  std::string body;
  JsonWriter w(body);
  w.begin_object();
  for (const auto& [key, value] : fields) {
    if (!value.empty()) w.field(key, value);
  }
  w.end_object();
  return body;
}

int list_sessions(Context& context) {
  const auto answer = context.get("/sessions");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    const JsonValue& stats = *item.find("stats");
    rows.push_back({text_of(item, "id"), text_of(item, "character_name"), text_of(item, "game"),
                    text_of(item, "mode"), text_of(item, "state"),
                    human_duration(number_of(stats, "running_s").value_or(0)),
                    text_of(stats, "macros_cancelled")});
  }
  print_table(context.out(), {"SESSION", "CHARACTER", "GAME", "MODE", "STATE", "RAN", "CANCELLED"},
              rows);
  return 0;
}

int list_modes(Context& context) {
  const auto answer = context.get("/modes");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    std::string macros;
    for (const JsonValue& macro : item.find("macros")->as_array()) {
      macros += (macros.empty() ? "" : ", ") + text_of(macro, "macro_id");
    }
    rows.push_back({text_of(item, "name"), macros, text_of(item, "description")});
  }
  print_table(context.out(), {"MODE", "MACROS", "DESCRIPTION"}, rows);
  return 0;
}

int set_mode(Context& context, const std::string& name, const std::string& file,
             const std::vector<std::string>& macros) {
  std::string body;
  if (!file.empty()) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return context.fail({Errc::not_found, "cannot read " + file});
    std::ostringstream text;
    text << in.rdbuf();
    body = text.str();
  } else {
    JsonWriter w(body);
    w.begin_object().key("macros").begin_array();
    for (const auto& macro : macros) w.begin_object().field("macro_id", macro).end_object();
    w.end_array().end_object();
  }
  const auto answer = context.send(net::Method::put, "/modes/" + name, body);
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) context.out() << "mode " << name << " is set\n";
  return 0;
}

struct Words {
  std::string type, action, character, session, game, mode, macro, name, file;
  std::vector<std::string> macros;
  std::vector<std::string> more_macros;  ///< Of --macro.
};

void add_steps(CommandLine group, Action& action, const std::shared_ptr<Words>& words) {
  auto start = group.add_subcommand("start", "Start a session, or go on with a paused one");
  start.add_option("character", words->character, "Name of the character");
  start.add_option("--session", words->session, "Start this session again");
  start.add_option("--game", words->game, "Link that its macros use");
  start.add_option("--mode", words->mode, "Mode that is executed");
  start.callback([&action, words] {
    action = [words](Context& context) {
      return run_command(context, body_of({{"type", "session"},
                                           {"action", "start"},
                                           {"character_name", words->character},
                                           {"session_id", words->session},
                                           {"game", words->game},
                                           {"mode_name", words->mode}}));
    };
  });
  for (const auto& [verb, help] : {std::pair{"pause", "Pause a session with its macros"},
                                   std::pair{"stop", "End a session with its macros"}}) {
    auto step = group.add_subcommand(verb, help);
    step.add_option("character", words->character, "Default: the only session that lives");
    step.add_option("--session", words->session, "By its id");
    step.callback([&action, words, name = std::string(verb)] {
      action = [words, name](Context& context) {
        return run_command(context, body_of({{"type", "session"},
                                             {"action", name},
                                             {"character_name", words->character},
                                             {"session_id", words->session}}));
      };
    });
  }
}

}  // namespace

void add_session_command(CommandLine app, Action& action) {
  auto words = std::make_shared<Words>();  // shared: the parser and the action use it
  auto group = app.add_subcommand("session", "Sessions: who plays, in which mode");
  group.require_subcommand();
  group.add_subcommand("list", "Sessions, newest first").callback([&action] {
    action = list_sessions;
  });
  add_steps(group, action, words);
}

void add_mode_command(CommandLine app, Action& action) {
  auto words = std::make_shared<Words>();  // shared: the parser and the action use it
  auto group = app.add_subcommand("mode", "Modes: named sets of macros");
  group.require_subcommand();
  group.add_subcommand("list", "Modes with their macros").callback([&action] {
    action = list_modes;
  });
  auto set = group.add_subcommand("set", "Create or replace a mode");
  set.add_option("name", words->mode, "a-z, 0-9, _ and -").required();
  set.add_option("macros", words->macros, "Ids of its macros");
  set.add_option("--macro", words->more_macros, "The same, once for each macro");
  set.add_option("--file", words->file, "JSON with macros and settings instead");
  set.callback([&action, words] {
    action = [words](Context& context) {
      std::vector<std::string> macros = words->macros;
      macros.insert(macros.end(), words->more_macros.begin(), words->more_macros.end());
      return set_mode(context, words->mode, words->file, macros);
    };
  });
  auto run = group.add_subcommand("run", "Start the macros of a mode");
  run.add_option("name", words->mode, "The mode").required();
  run.add_option("--session", words->session, "Default: the only session that lives");
  run.callback([&action, words] {
    action = [words](Context& context) {
      return run_command(context, body_of({{"type", "mode"},
                                           {"action", "execute"},
                                           {"mode_name", words->mode},
                                           {"session_id", words->session}}));
    };
  });
}

void add_command_command(CommandLine app, Action& action) {
  auto words = std::make_shared<Words>();  // shared: the parser and the action use it
  auto command = app.add_subcommand("command", "Send any command and wait for its result");
  command.add_option("type", words->type, "session, mode, macro, config, diagnostics, emergency")
      .required();
  command.add_option("action", words->action, "As the type allows").required();
  command.add_option("--character", words->character, "Whose session");
  command.add_option("--session", words->session, "Which session");
  command.add_option("--mode", words->mode, "Which mode");
  command.add_option("--macro", words->macro, "Which macro");
  command.callback([&action, words] {
    action = [words](Context& context) {
      return run_command(context, body_of({{"type", words->type},
                                           {"action", words->action},
                                           {"character_name", words->character},
                                           {"session_id", words->session},
                                           {"mode_name", words->mode},
                                           {"macro_id", words->macro}}));
    };
  });
}

}  // namespace gk::cli
