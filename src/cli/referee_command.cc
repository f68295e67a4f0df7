#include <CLI/CLI.hpp>
#include <iostream>
#include <span>

#include "cli/commands.h"
#include "referee/offline/replay.h"
#include "referee/offline/score.h"

namespace gk::cli {
namespace {

using Arguments = std::vector<std::string>;

/// Adds a verb whose own parser reads what follows it.
void add_verb(CLI::App& parent, const char* name, const char* help, Action& action,
              int (*function)(std::span<const std::string>, Context&)) {
  auto* verb = parent.add_subcommand(name, help);
  verb->prefix_command();
  verb->fallthrough(false);  // or the program's own parser would refuse the verb's options
  verb->set_help_flag();     // --help belongs to the verb's own parser
  verb->callback([verb, &action, function] {
    action = [arguments = verb->remaining(), function](Context& context) {
      return function(arguments, context);
    };
  });
}

}  // namespace

void add_referee_command(CLI::App& app, Action& action) {
  auto* referee = app.add_subcommand("referee", "Judge recorded or generated movement, offline");
  referee->require_subcommand(1);
  add_verb(*referee, "replay", "Judge a trace; one JSON object a session", action,
           [](std::span<const std::string> arguments, Context& context) {
             return referee::replay_main(arguments, std::cin, context.out(), context.err());
           });
  add_verb(*referee, "generate", "Write honest and cheating movement", action,
           [](std::span<const std::string> arguments, Context& context) {
             return referee::generate_main(arguments, context.out(), context.err());
           });
  add_verb(*referee, "score", "False rejections and detection by class", action,
           [](std::span<const std::string> arguments, Context& context) {
             return referee::score_main(arguments, context.out(), context.err());
           });
}

}  // namespace gk::cli
