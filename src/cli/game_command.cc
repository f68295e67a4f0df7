#include <algorithm>
#include <cctype>
#include <cmath>
#include <ostream>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/line_editor.h"
#include "cli/secret.h"
#include "cli/users.h"

namespace gk::cli {
namespace {

struct AddOptions {
  std::string name, kind, host;
  std::optional<std::int64_t> port;
  std::vector<std::string> options;
  std::optional<double> rate;
  std::optional<std::int64_t> in_flight;
  bool password = false, disabled = false;
};

struct SendOptions {
  std::string name;
  std::vector<std::string> words;
  bool confirmed = false;
  double timeout_s = 30;
};

std::string percent_encode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '_' || c == '-' || c == '.') {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::string path_of(const std::string& name) { return "/games/" + name; }

// "60/120": slowed, for the game is behind.
std::string pace_of(const JsonValue& game, const JsonValue& figures) {
  const std::string whole = text_of(game, "rate_per_s"), now = text_of(figures, "pace_per_s");
  return now == whole ? whole : now + "/" + whole;
}

// An address, or the program or world folder that is used instead: those have port 0.
std::string place_of(const JsonValue& item) {
  const std::string port = text_of(item, "port");
  if (port != "0") return text_of(item, "host") + ":" + port;
  const JsonValue* options = item.find("options");
  if (options == nullptr) return "";
  const auto raw = [&](std::string_view key) {
    const JsonValue* value = options->find(key);
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  };
  if (raw("program").empty()) return printable(raw("world"));
  std::string command = raw("program") + "\n" + raw("arguments");
  while (command.ends_with('\n')) command.pop_back();
  std::replace(command.begin(), command.end(), '\n', ' ');
  return printable(command);
}

int list(Context& context) {
  const auto answer = context.get("/games");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    const JsonValue* health = item.find("health");
    const JsonValue none;
    const JsonValue& figures = health == nullptr ? none : *health;
    rows.push_back({text_of(item, "name"), text_of(item, "kind"), place_of(item),
                    text_of(item, "state"), text_of(figures, "tick_ratio"), pace_of(item, figures),
                    text_of(figures, "latency_ms"), text_of(figures, "response_time_ms"),
                    text_of(item, "reason")});
  }
  print_table(context.out(),
              {"GAME", "KIND", "WHERE", "STATE", "TICKS", "PACE", "LATENCY", "RESPONSE", "REASON"},
              rows);
  return 0;
}

int detect(Context& context) {
  return print_list(context, context.post("/games/detect"),
                    {"KIND", "PORT", "PROCESS", "PROVEN", "GAME", "NEEDS"},
                    {"kind", "port", "process", "proven", "game", "needs"});
}

/// Of a list its members, of an object "key value" each; "none" when there are none.
std::string value_text(const JsonValue& value) {
  if (value.is_null()) return "not known";
  if (value.is_string()) return value.as_string().empty() ? "none" : printable(value.as_string());
  if (value.is_number()) return format_number(std::round(value.as_number() * 100) / 100);
  if (!value.is_array() && !value.is_object()) return value.as_bool() ? "yes" : "no";
  std::string out;
  const auto add = [&out](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  if (value.is_array()) {
    for (const JsonValue& item : value.as_array()) add(value_text(item));
  } else {
    for (const auto& [key, item] : value.as_object()) add(printable(key) + " " + value_text(item));
  }
  return out.empty() ? "none" : out;
}

int show(Context& context, const std::string& name) {
  const auto answer = context.get(path_of(name));
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer) || !answer->is_object()) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, value] : answer->as_object()) {
    if (key != "health" || !value.is_object()) {
      rows.push_back({key, value_text(value)});
      continue;
    }
    for (const auto& [figure, number] : value.as_object()) {
      rows.push_back({figure, value_text(number)});
    }
  }
  print_table(context.out(), {"FIELD", "VALUE"}, rows);
  return 0;
}

Result<std::string> body_of(Context& context, const AddOptions& options) {
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("name", options.name).field("kind", options.kind);
  if (!options.host.empty()) w.field("host", options.host);
  if (options.port) w.field("port", *options.port);
  if (options.rate) w.field("rate_per_s", *options.rate);
  if (options.in_flight) w.field("in_flight", *options.in_flight);
  w.field("enabled", !options.disabled).key("options").begin_object();
  for (const std::string& option : options.options) {
    const std::size_t at = option.find('=');
    if (at == std::string::npos) {
      return Error{Errc::invalid_argument, "expected --option name=value, got " + option};
    }
    w.field(option.substr(0, at), option.substr(at + 1));
  }
  w.end_object();
  if (options.password) {
    w.field("password", read_secret(context.err(), "Password of the game server: "));
  }
  w.end_object();
  return body;
}

int add(Context& context, const AddOptions& options) {
  const auto body = body_of(context, options);
  if (!body) return context.fail(body.error());
  const auto answer = context.post("/games", *body);
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) context.out() << "added " << options.name << "\n";
  return 0;
}

int remove(Context& context, const std::string& name) {
  const auto answer = context.send(net::Method::del, path_of(name), "");
  if (!answer) return context.fail(answer.error());
  context.out() << "removed " << name << "\n";
  return 0;
}

int control(Context& context, const std::string& name, const std::string& what) {
  const auto answer = context.post(path_of(name) + "/" + what);
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) {
    context.out() << name << ": " << text_of(*answer, "state") << "\n";
  }
  return 0;
}

Result<JsonValue> send_line(Context& context, const std::string& name, const std::string& command,
                            bool confirmed, double timeout_s) {
  std::string body;
  JsonWriter(body)
      .begin_object()
      .field("command", command)
      .field("confirmed", confirmed)
      .field("timeout_ms", static_cast<std::int64_t>(timeout_s * 1000))
      .end_object();
  return context.post(path_of(name) + "/commands", body);
}

// A game's answer, line by line, with nothing in it that a terminal would obey.
void print_reply(Context& context, const JsonValue& answer) {
  const JsonValue* text = answer.find("text");
  if (text == nullptr || !text->is_string()) return;
  std::string_view rest = text->as_string();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    context.out() << printable(rest.substr(0, end)) << "\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (text_of(answer, "truncated") == "true") context.err() << "(the rest was left out)\n";
}

int send(Context& context, const SendOptions& options) {
  std::string command;
  for (const std::string& word : options.words) command += (command.empty() ? "" : " ") + word;
  const auto answer =
      send_line(context, options.name, command, options.confirmed, options.timeout_s);
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) print_reply(context, *answer);
  return 0;
}

/// What the game said since the entry `after`, except what this console shows anyway.
std::int64_t print_lines(Context& context, const std::string& name, std::int64_t after,
                         bool show_all) {
  const auto answer =
      context.get(path_of(name) + "/history?limit=200&after=" + std::to_string(after));
  if (!answer) return after;
  for (const JsonValue& entry : items_of(*answer)) {
    after = static_cast<std::int64_t>(number_of(entry, "seq").value_or(0));
    const std::string kind = text_of(entry, "kind");
    if (!show_all && kind != "line" && kind != "state") continue;
    context.out() << (kind == "command" ? "> "
                      : kind == "state" ? "-- "
                                        : "")
                  << text_of(entry, "text") << "\n";
  }
  return after;
}

int console(Context& context, const std::string& name) {
  const auto game = context.get(path_of(name));
  if (!game) return context.fail(game.error());
  context.err() << name << ": " << text_of(*game, "state")
                << "; a line beginning with ! is a confirmed command; end with Ctrl-D\n";
  std::int64_t seen = print_lines(context, name, 0, true);
  LineEditor editor(name + "> ", [&context, name](const std::string& prefix) {
    std::vector<std::string> words;
    const auto answer =
        context.get(path_of(name) + "/completions?prefix=" + percent_encode(prefix));
    if (!answer) return words;
    for (const JsonValue& item : items_of(*answer)) {
      if (item.is_string()) words.push_back(item.as_string());
    }
    return words;
  });
  while (auto line = editor.read()) {
    const bool confirmed = line->starts_with('!');
    if (confirmed) line->erase(0, 1);
    if (!line->empty()) {
      const auto answer = send_line(context, name, *line, confirmed, 30);
      if (answer) {
        print_reply(context, *answer);
      } else {
        (void)context.fail(answer.error());
      }
    }
    seen = print_lines(context, name, seen, false);
    context.out().flush();
  }
  return 0;
}

void add_add(CommandLine game, Action& action) {
  auto options = std::make_shared<AddOptions>();  // shared: the parser and the action use it
  auto command = game.add_subcommand("add", "Add a game server");
  command.add_option("name", options->name, "Name: a-z, 0-9, _ and -").required();
  command
      .add_option("kind", options->kind, "teeworlds, openttd, source, quake3, mud, stdio or luanti")
      .required();
  command.add_option("--host", options->host, "Name or address (default 127.0.0.1)");
  command.add_option("--port", options->port, "Port (default: the kind's usual one)");
  command.add_option("--option", options->options, "name=value of the kind; repeatable");
  command.add_option("--rate", options->rate, "Commands a second");
  command.add_option("--in-flight", options->in_flight, "Commands that may wait for an answer");
  command.add_flag("--password", options->password, "Ask for the password, or read it from stdin");
  command.add_flag("--disabled", options->disabled, "Do not connect by itself");
  command.callback([&action, options] {
    action = [options](Context& context) { return add(context, *options); };
  });
}

void add_named(CommandLine game, Action& action, const char* name, const char* help,
               int (*function)(Context&, const std::string&)) {
  auto which = std::make_shared<std::string>();  // shared: the parser and the action use it
  auto command = game.add_subcommand(name, help);
  command.add_option("name", *which, "Name of the game").required();
  command.callback([&action, which, function] {
    action = [which, function](Context& context) { return function(context, *which); };
  });
}

}  // namespace

void add_game_command(CommandLine app, Action& action) {
  auto game = app.add_subcommand("game", "Links to game servers");
  game.require_subcommand();
  game.add_subcommand("list", "Games and their links").callback([&action] { action = list; });
  game.add_subcommand("detect", "Look for game servers on this machine").callback([&action] {
    action = detect;
  });
  add_add(game, action);
  add_named(game, action, "remove", "Remove a game", remove);
  add_named(game, action, "show", "Settings, state and health of a game", show);
  add_named(
      game, action, "connect", "Connect, also after a refusal",
      [](Context& context, const std::string& name) { return control(context, name, "connect"); });
  add_named(game, action, "disconnect", "Disconnect until connect",
            [](Context& context, const std::string& name) {
              return control(context, name, "disconnect");
            });
  add_named(game, action, "console", "Type commands and read what the game says", console);
  auto options = std::make_shared<SendOptions>();  // shared: the parser and the action use it
  auto command = game.add_subcommand("send", "Send one command and print its answer");
  command.add_option("name", options->name, "Name of the game").required();
  command.add_option("command", options->words, "The command").required();
  command.add_flag("--confirmed", options->confirmed, "Send it although it is dangerous");
  command.add_option("--timeout", options->timeout_s, "Seconds").range(0.001, 600);
  command.callback([&action, options] {
    action = [options](Context& context) { return send(context, *options); };
  });
}

}  // namespace gk::cli
