#include "manual/command_line.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>

namespace gk::manual {

CommandOption& CommandOption::required() {
  option_->required();
  return *this;
}

CommandOption& CommandOption::show_default() {
  option_->capture_default_str();
  return *this;
}

CommandOption& CommandOption::one_of(std::vector<std::string> words) {
  option_->check(CLI::IsMember(std::move(words)));
  return *this;
}

CommandOption& CommandOption::range(double least, double most) {
  option_->check(CLI::Range(least, most));
  // Range lets "nan" through: it is neither below nor above.
  option_->check(CLI::Validator(
      [](const std::string& text) {
        const bool number = !std::isnan(std::strtod(text.c_str(), nullptr));
        return number ? std::string() : "expected a number, got " + text;
      },
      ""));
  return *this;
}

CommandLine CommandLine::add_subcommand(const std::string& name, const std::string& help) {
  return CommandLine(*app_->add_subcommand(name, help));
}

CommandOption CommandLine::add_option(const std::string& name, std::string& value,
                                      const std::string& help) {
  return CommandOption(app_->add_option(name, value, help));
}

CommandOption CommandLine::add_option(const std::string& name, int& value,
                                      const std::string& help) {
  return CommandOption(app_->add_option(name, value, help));
}

CommandOption CommandLine::add_option(const std::string& name, std::int64_t& value,
                                      const std::string& help) {
  return CommandOption(app_->add_option(name, value, help));
}

CommandOption CommandLine::add_option(const std::string& name, double& value,
                                      const std::string& help) {
  return CommandOption(app_->add_option(name, value, help));
}

CommandOption CommandLine::add_option(const std::string& name, std::optional<std::string>& value,
                                      const std::string& help) {
  return CommandOption(app_->add_option(name, value, help));
}

CommandOption CommandLine::add_option(const std::string& name, std::optional<int>& value,
                                      const std::string& help) {
  return CommandOption(app_->add_option(name, value, help));
}

CommandOption CommandLine::add_option(const std::string& name, std::optional<std::int64_t>& value,
                                      const std::string& help) {
  return CommandOption(app_->add_option(name, value, help));
}

CommandOption CommandLine::add_option(const std::string& name, std::optional<double>& value,
                                      const std::string& help) {
  return CommandOption(app_->add_option(name, value, help));
}

CommandOption CommandLine::add_option(const std::string& name, std::vector<std::string>& value,
                                      const std::string& help) {
  return CommandOption(app_->add_option(name, value, help));
}

CommandOption CommandLine::add_flag(const std::string& name, bool& value, const std::string& help) {
  return CommandOption(app_->add_flag(name, value, help));
}

void CommandLine::callback(std::function<void()> function) { app_->callback(std::move(function)); }

void CommandLine::add_hidden_end(const std::string& name, std::vector<std::string> words,
                                 std::function<void(const std::string&)> function) {
  app_->add_option_function<std::string>(
          name,
          [function = std::move(function)](const std::string& word) {
            function(word);
            throw CLI::Success();
          },
          "Print reference data and end")
      ->check(CLI::IsMember(std::move(words)))
      ->group("");
}

void CommandLine::pass_down() { app_->fallthrough(); }

void CommandLine::add_version(const std::string& name, const std::string& text) {
  app_->set_version_flag(name, text);
}

void CommandLine::require_subcommand() { app_->require_subcommand(1); }

void CommandLine::take_all_words() {
  app_->prefix_command();
  app_->fallthrough(false);  // or the program's own parser would refuse the command's options
  app_->set_help_flag();     // --help is one of the words
}

std::vector<std::string> CommandLine::remaining() const { return app_->remaining(); }

CommandParser::CommandParser(const std::string& summary, const std::string& name)
    : app_(std::make_unique<CLI::App>(summary, name)) {}

CommandParser::~CommandParser() = default;

namespace {

/// What CLI11 leaves out of "A subcommand is required" and "NAME is required": where, what could
/// stand there, and what did.
std::string missing_text(const CLI::App& top, const CLI::RequiredError& error) {
  const CLI::App* at = &top;
  std::string where = top.get_name();
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    where += " " + at->get_name();
  }
  if (at->get_require_subcommand_min() == 0) return where + ": " + error.what();
  std::string known;
  for (const CLI::App* one : at->get_subcommands([](const CLI::App*) { return true; })) {
    known += (known.empty() ? "" : ", ") + one->get_name();
  }
  for (const std::string& word : top.remaining(true)) {
    if (!word.starts_with('-')) return where + ": expected one of " + known + ", got " + word;
  }
  return where + ": expected one of " + known;
}

}  // namespace

Parsed CommandParser::parse(int argc, const char* const* argv, std::ostream& out,
                            std::ostream& err) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::RequiredError& e) {
    err << missing_text(*app_, e) << "\nRun with --help for more information.\n";
    return Parsed::wrong;
  } catch (const CLI::ParseError& e) {
    return app_->exit(e, out, err) == 0 ? Parsed::ended : Parsed::wrong;
  }
  return Parsed::ready;
}

}  // namespace gk::manual
