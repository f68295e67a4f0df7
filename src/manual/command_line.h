// command_line.h: a program's command line: what may be written, and reading what was.
//
// A thin front of CLI11, whose header costs ten seconds in each file that uses it: here only two
// files of this folder do.

#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "manual/command_tree.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace gk::manual {

/// One option, flag or positional of a command. A handle: the parser owns what it stands for.
class CommandOption {
 public:
  explicit CommandOption(CLI::Option* option) : option_(option) {}
  CommandOption& required();
  /// Shows the variable's present value as the default in the help.
  CommandOption& show_default();
  /// Nothing else is taken.
  CommandOption& one_of(std::vector<std::string> words);
  /// Nothing outside [least, most] is taken.
  CommandOption& range(double least, double most);

 private:
  CLI::Option* option_;
};

/// One command. A handle: valid while the parser lives. Variables that are handed in outlive
/// parsing; "--name" is an option, a bare name a positional.
/// Thread: compatible.
class CommandLine {
 public:
  explicit CommandLine(CLI::App& app) : app_(&app) {}

  CommandLine add_subcommand(const std::string& name, const std::string& help);
  CommandOption add_option(const std::string& name, std::string& value, const std::string& help);
  CommandOption add_option(const std::string& name, int& value, const std::string& help);
  CommandOption add_option(const std::string& name, std::int64_t& value, const std::string& help);
  CommandOption add_option(const std::string& name, double& value, const std::string& help);
  CommandOption add_option(const std::string& name, std::optional<std::string>& value,
                           const std::string& help);
  CommandOption add_option(const std::string& name, std::optional<int>& value,
                           const std::string& help);
  CommandOption add_option(const std::string& name, std::optional<std::int64_t>& value,
                           const std::string& help);
  CommandOption add_option(const std::string& name, std::optional<double>& value,
                           const std::string& help);
  /// Repeatable; as a positional it takes all words that follow.
  CommandOption add_option(const std::string& name, std::vector<std::string>& value,
                           const std::string& help);
  CommandOption add_flag(const std::string& name, bool& value, const std::string& help);

  /// Called when this command was written and everything of it was read.
  void callback(std::function<void()> function);
  /// An option that calls `function` with its word, prints nothing else and ends the parsing with
  /// Parsed::ended. It is not in the help: for packaging.
  void add_hidden_end(const std::string& name, std::vector<std::string> words,
                      std::function<void(const std::string&)> function);
  /// Options may also follow a subcommand.
  void pass_down();
  /// A flag that prints `text` and ends the parsing.
  void add_version(const std::string& name, const std::string& text);
  /// One of the subcommands must be written.
  void require_subcommand();
  /// Reads nothing of what follows, --help included: remaining() has it.
  void take_all_words();
  std::vector<std::string> remaining() const;

 private:
  CLI::App* app_;
};

enum class Parsed : std::uint8_t {
  ready,  ///< Everything was read: go on.
  ended,  ///< Help or the like was printed: end with 0.
  wrong,  ///< The error was printed: end with the exit code of usage errors.
};

/// The parser of one program.
/// Thread: compatible.
class CommandParser {
 public:
  CommandParser(const std::string& summary, const std::string& name);
  ~CommandParser();
  CommandParser(const CommandParser&) = delete;
  CommandParser& operator=(const CommandParser&) = delete;

  CommandLine top() { return CommandLine(*app_); }
  Parsed parse(int argc, const char* const* argv, std::ostream& out, std::ostream& err);
  /// What may be written, as data.
  Command tree() const { return command_tree(*app_); }

 private:
  const std::unique_ptr<CLI::App> app_;
};

}  // namespace gk::manual
