#include <iostream>
#include <span>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "referee/offline/replay.h"
#include "referee/offline/score.h"
#include "referee/offline/smart_cli.h"

namespace gk::cli {
namespace {

using Arguments = std::vector<std::string>;

/// Adds a verb whose own parser reads what follows it.
void add_verb(CommandLine parent, const char* name, const char* help, Action& action,
              int (*function)(std::span<const std::string>, Context&)) {
  auto verb = parent.add_subcommand(name, help);
  verb.take_all_words();  // its own parser reads them
  verb.callback([verb, &action, function] {
    action = [arguments = verb.remaining(), function](Context& context) {
      return function(arguments, context);
    };
  });
}

int players(Context& context) {
  const auto answer = context.get("/movement/players?limit=1000");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    const JsonValue* tolerance = item.find("tolerance");
    rows.push_back({text_of(item, "player"), text_of(item, "state"), text_of(item, "confidence"),
                    text_of(item, "moves"), text_of(item, "rejected"), text_of(item, "rtt_ms"),
                    tolerance != nullptr ? text_of(*tolerance, "reason") : "-"});
  }
  print_table(context.out(), {"PLAYER", "STATE", "CONFIDENCE", "MOVES", "REFUSED", "RTT", "LINE"},
              rows);
  return 0;
}

int reviews(Context& context) {
  const auto answer = context.get("/movement/review?limit=1000&state=open");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer))
    rows.push_back({text_of(item, "id"), text_of(item, "player"), text_of(item, "opened_at"),
                    text_of(item, "channel"), text_of(item, "max_e"), text_of(item, "rejected")});
  print_table(context.out(), {"REVIEW", "PLAYER", "OPENED", "CHANNEL", "EVIDENCE", "REFUSED"},
              rows);
  return 0;
}

/// What an operator says about one review.
struct Decision {
  std::string id, note;
};

int decide(Context& context, const Decision& decision, const std::string& verb) {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  if (!decision.note.empty()) json.field("note", decision.note);
  json.end_object();
  const auto answer = context.post("/movement/review/" + decision.id + "/" + verb, body);
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer))
    context.out() << text_of(*answer, "player") << ": " << text_of(*answer, "state") << "\n";
  return 0;
}

void add_decision(CommandLine parent, const char* verb, const char* help, Action& action) {
  auto decision = std::make_shared<Decision>();  // shared: the parser and the action use it
  auto command = parent.add_subcommand(verb, help);
  command.add_option("review", decision->id, "Id of the review").required();
  command.add_option("--note", decision->note, "Why, for the record");
  command.callback([&action, decision, verb] {
    action = [decision, verb](Context& context) { return decide(context, *decision, verb); };
  });
}

int show_recording(Context& context, const Result<JsonValue>& answer) {
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  const JsonValue* running = answer->find("running");
  const bool runs = running != nullptr && running->is_bool() && running->as_bool();
  if (text_of(*answer, "name") == "-") {
    context.out() << "nothing was recorded\n";
    return 0;
  }
  context.out() << text_of(*answer, "file") << ": "
                << (runs ? "running" : text_of(*answer, "ended")) << ", "
                << text_of(*answer, "lines") << " lines\n";
  return 0;
}

void add_record(CommandLine parent, Action& action) {
  auto record = parent.add_subcommand("record", "Record what arrives as a trace for replay");
  record.require_subcommand();
  auto name = std::make_shared<std::string>();  // shared: the parser and the action use it
  auto max_mb = std::make_shared<double>(64);   // shared: as above
  auto start = record.add_subcommand("start", "Begin <data>/movement/NAME.jsonl");
  start.add_option("name", *name, "a-z, 0-9, _ and -").required();
  start.add_option("--max-mb", *max_mb, "MB; then it ends");
  start.callback([&action, name, max_mb] {
    action = [name, max_mb](Context& context) {
      std::string body;
      JsonWriter(body).begin_object().field("name", *name).field("max_mb", *max_mb).end_object();
      return show_recording(context, context.post("/movement/recording/start", body));
    };
  });
  record.add_subcommand("stop", "End the recording").callback([&action] {
    action = [](Context& context) {
      return show_recording(context, context.post("/movement/recording/stop"));
    };
  });
  record.add_subcommand("status", "The recording that runs, or the last").callback([&action] {
    action = [](Context& context) {
      return show_recording(context, context.get("/movement/recording"));
    };
  });
}

}  // namespace

void add_referee_command(CommandLine app, Action& action) {
  auto referee =
      app.add_subcommand("referee", "Judge movement: traces offline, players in the daemon");
  referee.require_subcommand();
  add_verb(referee, "replay", "Judge a trace; one JSON object a session", action,
           [](std::span<const std::string> arguments, Context& context) {
             return referee::replay_main(arguments, std::cin, context.out(), context.err());
           });
  add_verb(referee, "generate", "Write honest and cheating movement", action,
           [](std::span<const std::string> arguments, Context& context) {
             return referee::generate_main(arguments, context.out(), context.err());
           });
  add_verb(referee, "score", "False rejections and detection by class", action,
           [](std::span<const std::string> arguments, Context& context) {
             return referee::score_main(arguments, context.out(), context.err());
           });
  add_verb(referee, "smart", "The published SmartAntiCheat sets over vectors (unsafe rules)",
           action, [](std::span<const std::string> arguments, Context& context) {
             return referee::smart_main(arguments, std::cin, context.out(), context.err());
           });
  referee.add_subcommand("players", "Players that the daemon judges").callback([&action] {
    action = players;
  });
  referee.add_subcommand("review", "Players that need a look").callback([&action] {
    action = reviews;
  });
  add_decision(referee, "accept", "The player of a review cheated", action);
  add_decision(referee, "dismiss", "The player of a review did nothing wrong", action);
  add_record(referee, action);
}

}  // namespace gk::cli
