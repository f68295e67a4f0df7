// command_tree.h: a command line as data: what can be written where. Completions and manual pages
// are made from it, so they never say anything else than the program does.

#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace gk::manual {

struct Option {
  std::vector<std::string> names;    ///< "-h", "--help"; a positional has its bare name.
  std::string value;                 ///< "TEXT", "INT"; empty: a flag.
  std::vector<std::string> choices;  ///< The only values allowed; empty: any.
  std::string summary;
  std::string fallback;  ///< Default; never a path, which would be this machine's.
  bool positional = false;
  bool required = false;
  bool repeatable = false;
};

struct Command {
  std::string name;
  std::string summary;
  std::vector<Option> options;  ///< In order of their definition; hidden ones are left out.
  std::vector<Command> subcommands;
};

/// Reads `app` and all subcommands below it.
Command command_tree(const CLI::App& app);

/// A command with the words that lead to it ("macro run"; empty at the top) and everything that may
/// be written there: its own options, then those of the commands above.
struct Place {
  std::string path;
  const Command* command = nullptr;
  std::vector<const Option*> options;
};

/// All places, depth first. Borrows `top`.
std::vector<Place> places(const Command& top);

}  // namespace gk::manual
