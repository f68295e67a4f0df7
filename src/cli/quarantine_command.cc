#include <ostream>

#include "cli/commands.h"

namespace gk::cli {
namespace {

int list(Context& context) {
  const auto answer = context.get("/macro-safety/quarantine");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    const bool waits = text_of(item, "needs_confirmation") == "true";
    rows.push_back({text_of(item, "macro_id"), text_of(item, "strikes"),
                    waits ? "an administrator lifts it" : text_of(item, "until"),
                    text_of(item, "reason")});
  }
  print_table(context.out(), {"MACRO", "IN A ROW", "UNTIL", "LAST REASON"}, rows);
  return 0;
}

int lift(Context& context, const std::string& id) {
  const auto answer = context.post("/macro-safety/quarantine/" + id + "/lift");
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) context.out() << id << " may start again\n";
  return 0;
}

}  // namespace

void add_quarantine_command(CommandLine macro, Action& action) {
  auto quarantine = macro.add_subcommand("quarantine", "Macros that may not start again yet");
  quarantine.require_subcommand();
  quarantine.add_subcommand("list", "Which, until when and why").callback([&action] {
    action = list;
  });
  auto id = std::make_shared<std::string>();  // shared: the parser and the action use it
  auto command = quarantine.add_subcommand("lift", "Let one start again");
  command.add_option("id", *id, "Id of the macro").required();
  command.callback(
      [&action, id] { action = [id](Context& context) { return lift(context, *id); }; });
}

}  // namespace gk::cli
