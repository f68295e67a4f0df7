#include "manual/command_tree.h"

#include <CLI/CLI.hpp>

namespace gk::manual {
namespace {

/// "TEXT:{a,b}" -> value "TEXT", choices a and b.
void read_type(std::string type, Option& option) {
  const std::size_t brace = type.find(":{");
  if (brace != std::string::npos) {
    std::string word;
    for (const char c : type.substr(brace + 2)) {
      if (c == ',' || c == '}') {
        option.choices.push_back(std::exchange(word, ""));
      } else {
        word += c;
      }
      if (c == '}') break;
    }
    type.resize(brace);
  }
  option.value = type.substr(0, type.find_first_of(" :"));
}

Option read_option(const CLI::Option& from) {
  Option option;
  option.positional = !from.nonpositional();
  if (option.positional) {
    option.names.push_back(from.get_name(true));
  } else {
    for (const auto& name : from.get_snames()) option.names.push_back("-" + name);
    for (const auto& name : from.get_lnames()) option.names.push_back("--" + name);
  }
  option.summary = from.get_description();
  option.required = from.get_required();
  option.repeatable = from.get_items_expected_max() > 1;
  if (from.get_items_expected_max() > 0) read_type(from.get_type_name(), option);
  const std::string fallback = from.get_default_str();
  if (!fallback.starts_with('/')) option.fallback = fallback;
  return option;
}

void add_places(const Command& command, const std::string& path,
                const std::vector<const Option*>& above, std::vector<Place>& out) {
  Place place{path, &command, {}};
  std::vector<const Option*> passed_on;
  for (const Option& option : command.options) {
    place.options.push_back(&option);
    const bool help = option.names.back() == "--help";
    if (!option.positional && !help) passed_on.push_back(&option);
  }
  place.options.insert(place.options.end(), above.begin(), above.end());
  passed_on.insert(passed_on.end(), above.begin(), above.end());
  out.push_back(std::move(place));
  for (const Command& sub : command.subcommands) {
    add_places(sub, path.empty() ? sub.name : path + " " + sub.name, passed_on, out);
  }
}

}  // namespace

Command command_tree(const CLI::App& app) {
  Command command{app.get_name(), app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options({})) {
    if (!option->get_group().empty()) command.options.push_back(read_option(*option));
  }
  for (const CLI::App* sub : app.get_subcommands({})) {
    if (!sub->get_group().empty()) command.subcommands.push_back(command_tree(*sub));
  }
  return command;
}

std::vector<Place> places(const Command& top) {
  std::vector<Place> out;
  add_places(top, "", {}, out);
  return out;
}

}  // namespace gk::manual
