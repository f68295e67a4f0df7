// gamekeeper notice: who is told, and what waits to be told.
#include <ostream>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/secret.h"
#include "cli/users.h"

namespace gk::cli {
namespace {

struct ReceiverOptions {
  std::string name, kind, game, command;
  std::vector<std::string> events;
  bool all_events = false, url = false, secret = false, enable = false, disable = false;
};

struct OutboxOptions {
  std::string state;
  std::int64_t limit = 100;
};

std::string path_of(const std::string& name) { return "/notices/receivers/" + path_segment(name); }

std::string events_of(const JsonValue& receiver) {
  const JsonValue* events = receiver.find("events");
  if (events == nullptr || !events->is_array() || events->as_array().empty()) return "all";
  std::string out;
  for (const JsonValue& event : events->as_array()) {
    out += (out.empty() ? "" : " ") + (event.is_string() ? event.as_string() : "");
  }
  return out;
}

int list(Context& context) {
  const auto answer = context.get("/notices/receivers");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  if (items_of(*answer).empty()) {
    context.out() << "Nobody is told. Add a receiver with: gamekeeper notice add NAME KIND\n";
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    rows.push_back({text_of(item, "name"), text_of(item, "kind"), text_of(item, "target"),
                    text_of(item, "enabled") == "true" ? "on" : "off", events_of(item),
                    text_of(item, "pending"), text_of(item, "last_delivered_at"),
                    text_of(item, "last_error")});
  }
  print_table(
      context.out(),
      {"RECEIVER", "KIND", "WHERE", "STATE", "EVENTS", "WAITING", "LAST TOLD", "LAST ERROR"}, rows);
  return 0;
}

void write_events(JsonWriter& w, const ReceiverOptions& options) {
  if (options.events.empty() && !options.all_events) return;
  w.key("events").begin_array();
  for (const std::string& event : options.events) w.value(event);
  w.end_array();
}

// Neither is taken from the command line, where other users of the machine could read it.
void write_secrets(Context& context, JsonWriter& w, const ReceiverOptions& options) {
  if (options.url) w.field("url", read_secret(context.err(), "URL: "));
  if (options.secret) w.field("secret", read_secret(context.err(), "Secret that signs: "));
}

int add(Context& context, ReceiverOptions options) {
  options.url = options.kind != "game";
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("name", options.name).field("kind", options.kind);
  w.field("enabled", !options.disable);
  if (!options.game.empty()) w.field("game", options.game);
  if (!options.command.empty()) w.field("command", options.command);
  write_events(w, options);
  write_secrets(context, w, options);
  w.end_object();
  const auto answer = context.post("/notices/receivers", body);
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  context.out() << "added " << options.name << "; try it: gamekeeper notice test " << options.name
                << "\n";
  return 0;
}

// What is not named stays: the API replaces all but the secrets.
int set(Context& context, const ReceiverOptions& options) {
  const auto now = context.get(path_of(options.name));
  if (!now) return context.fail(now.error());
  const bool is_game = text_of(*now, "kind") == "game";
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("kind", text_of(*now, "kind"));
  const bool enabled = text_of(*now, "enabled") == "true";
  w.field("enabled", options.enable || (enabled && !options.disable));
  if (is_game) {
    w.field("game", options.game.empty() ? text_of(*now, "target") : options.game);
    w.field("command", options.command.empty() ? text_of(*now, "command") : options.command);
  }
  if (const JsonValue* events = now->find("events");
      events != nullptr && options.events.empty() && !options.all_events) {
    w.key("events").raw(to_json(*events));
  }
  write_events(w, options);
  write_secrets(context, w, options);
  w.end_object();
  const auto answer = context.send(net::Method::put, path_of(options.name), body);
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) context.out() << "changed " << options.name << "\n";
  return 0;
}

int remove(Context& context, const std::string& name) {
  return print_done(context, context.send(net::Method::del, path_of(name), ""), "removed " + name);
}

int test(Context& context, const std::string& name) {
  const auto answer = context.post(path_of(name) + "/test");
  if (!answer) return context.fail(answer.error());
  const std::string state = text_of(*answer, "state"), error = text_of(*answer, "error");
  if (!context.printed_json(*answer)) {
    context.out() << state << (error == "-" ? "" : ": " + error) << "\n";
  }
  return state == "delivered" ? 0 : 1;
}

int outbox(Context& context, const OutboxOptions& options) {
  std::string path = "/notices/outbox?limit=" + std::to_string(options.limit);
  if (!options.state.empty()) path += "&state=" + path_segment(options.state);
  return print_list(
      context, context.get(path),
      {"STATE", "RECEIVER", "NOTICE", "TITLE", "TRIES", "MADE", "NEXT TRY", "ERROR"},
      {"state", "receiver", "kind", "title", "attempts", "created_at", "next_attempt_at", "error"});
}

using Options = std::shared_ptr<ReceiverOptions>;  // shared: the parser and the action use it

void add_common(CommandLine& command, const Options& options) {
  command.add_option("--event", options->events,
                     "Kind of notice, such as macro.cancelled or macro.*; repeatable");
  command.add_option("--game", options->game, "Game link whose players are told");
  command.add_option("--command", options->command, "What is sent to the game, with {text} in it");
  command.add_flag("--secret", options->secret,
                   "Ask for the secret that signs a webhook's messages, or read it from stdin");
  command.add_flag("--disable", options->disable, "Tell it nothing");
}

void add_add(CommandLine notice, Action& action) {
  auto options = std::make_shared<ReceiverOptions>();
  auto command = notice.add_subcommand(
      "add", "Add a receiver; asks for the URL of discord and webhook, or reads it from stdin");
  command.add_option("name", options->name, "Name: a-z, 0-9, _ and -").required();
  command.add_option("kind", options->kind, "discord, webhook or game").required();
  add_common(command, options);
  command.callback([&action, options] {
    action = [options](Context& context) { return add(context, *options); };
  });
}

void add_set(CommandLine notice, Action& action) {
  auto options = std::make_shared<ReceiverOptions>();
  auto command = notice.add_subcommand("set", "Change a receiver; what is not named stays");
  command.add_option("name", options->name, "Name of the receiver").required();
  add_common(command, options);
  command.add_flag("--all-events", options->all_events, "Every kind of notice");
  command.add_flag("--url", options->url, "Ask for a new URL, or read it from stdin");
  command.add_flag("--enable", options->enable, "Tell it again");
  command.callback([&action, options] {
    action = [options](Context& context) { return set(context, *options); };
  });
}

void add_named(CommandLine notice, Action& action, const char* name, const char* help,
               int (*function)(Context&, const std::string&)) {
  auto which = std::make_shared<std::string>();  // shared: the parser and the action use it
  auto command = notice.add_subcommand(name, help);
  command.add_option("name", *which, "Name of the receiver").required();
  command.callback([&action, which, function] {
    action = [which, function](Context& context) { return function(context, *which); };
  });
}

}  // namespace

void add_notice_command(CommandLine app, Action& action) {
  auto notice = app.add_subcommand("notice", "Who is told of cancellations, and what waits");
  notice.require_subcommand();
  notice.add_subcommand("list", "Receivers").callback([&action] { action = list; });
  add_add(notice, action);
  add_set(notice, action);
  add_named(notice, action, "remove", "Remove a receiver; what waits for it fails", remove);
  add_named(notice, action, "test", "Send a test message; exit code 1 when it did not arrive",
            test);
  auto options = std::make_shared<OutboxOptions>();  // shared: the parser and the action use it
  auto command = notice.add_subcommand("outbox", "What waits, has arrived or has failed");
  command.add_option("--state", options->state, "pending, delivered, failed or dropped");
  command.add_option("--limit", options->limit, "At most so many (default 100)");
  command.callback([&action, options] {
    action = [options](Context& context) { return outbox(context, *options); };
  });
}

}  // namespace gk::cli
