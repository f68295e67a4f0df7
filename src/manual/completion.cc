#include "manual/completion.h"

#include <algorithm>
#include <set>

namespace gk::manual {
namespace {

std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : std::string(between)) + word;
  return out;
}

/// `text` inside single quotes of a POSIX shell, zsh included.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// For fish, where a backslash and a quote are escaped inside single quotes.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// Text inside the brackets and between the colons of zsh's _arguments.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string function_name(std::string_view program, std::string_view path) {
  std::string out = "_" + std::string(program) + (path.empty() ? "" : "_" + std::string(path));
  std::replace_if(out.begin(), out.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
  return out;
}

std::vector<std::string> option_words(const Place& place) {
  std::vector<std::string> out;
  for (const Option* option : place.options) {
    if (!option->positional) out.insert(out.end(), option->names.begin(), option->names.end());
  }
  return out;
}

/// Names of all options that take a value, anywhere: what follows them is no subcommand.
std::vector<std::string> value_options(const std::vector<Place>& all) {
  std::set<std::string> out;
  for (const Place& place : all) {
    for (const Option* option : place.options) {
      if (!option->positional && !option->value.empty()) {
        out.insert(option->names.begin(), option->names.end());
      }
    }
  }
  return {out.begin(), out.end()};
}

/// The lines of bash's `case` that name the values of an option: "path|--option) words=…".
std::string bash_values(const std::vector<Place>& all) {
  std::string out;
  for (const Place& place : all) {
    for (const Option* option : place.options) {
      if (option->positional || option->choices.empty()) continue;
      for (const auto& name : option->names) {
        out +=
            "    '" + place.path + "|" + name + "') words='" + joined(option->choices) + "' ;;\n";
      }
    }
  }
  return out;
}

/// The cases that say what may be written at each place.
std::string bash_places(const std::vector<Place>& all) {
  std::string out;
  for (const Place& place : all) {
    std::vector<std::string> words;
    for (const Command& sub : place.command->subcommands) words.push_back(sub.name);
    out += "    '" + place.path + "') words='" + joined(words) + "' options='" +
           joined(option_words(place)) + "' ;;\n";
  }
  return out;
}

std::string zsh_option(const Option& option) {
  std::string out;
  for (const auto& name : option.names) {
    out +=
        "    " +
        shell_quoted((option.repeatable ? "*" : "") + name + "[" + zsh_text(option.summary) + "]" +
                     (option.value.empty() ? ""
                      : option.choices.empty()
                          ? ":" + option.value + ":_files"
                          : ":" + option.value + ":(" + joined(option.choices) + ")")) +
        " \\\n";
  }
  return out;
}

std::string zsh_place(const Place& place, std::string_view program) {
  const std::string function = function_name(program, place.path);
  std::string out = function +
                    "() {\n  local curcontext=\"$curcontext\" context state state_descr line\n"
                    "  typeset -A opt_args\n  _arguments -C \\\n";
  for (const Option* option : place.options) {
    if (!option->positional) out += zsh_option(*option);
  }
  const auto& subcommands = place.command->subcommands;
  if (subcommands.empty()) return out + "    '*:argument:_files'\n}\n";
  out +=
      "    '1: :->command' \\\n    '*:: :->rest'\n  case $state in\n    command)\n"
      "      local -a commands=(\n";
  for (const Command& sub : subcommands) {
    out += "        " + shell_quoted(zsh_text(sub.name) + ":" + sub.summary) + "\n";
  }
  out += "      )\n      _describe command commands ;;\n    rest)\n      case $line[1] in\n";
  for (const Command& sub : subcommands) {
    const std::string path = place.path.empty() ? sub.name : place.path + " " + sub.name;
    out += "        " + sub.name + ") " + function_name(program, path) + " ;;\n";
  }
  return out + "      esac ;;\n  esac\n}\n";
}

std::string fish_option(const Option& option) {
  std::string out;
  for (const auto& name : option.names) {
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.choices.empty()) {
    out += " -x -a " + fish_quoted(joined(option.choices));
  } else if (!option.value.empty()) {
    out += " -r -F";
  }
  return out + " -d " + fish_quoted(option.summary);
}

}  // namespace

std::string bash_completion(const Command& top, std::string_view origin) {
  const auto all = places(top);
  const std::string function = function_name(top.name, "");
  std::vector<std::string> paths;
  for (const Place& place : all) {
    if (!place.path.empty()) paths.push_back("'" + place.path + "'");
  }
  return "# bash completion of " + top.name + "; made by `" + std::string(origin) +
         "`, do not edit.\n" + function + "() {\n" +
         R"(  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local path='' next words='' options='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    [ "$word" = -- ] && return 0
    next=${path:+$path }$word
    case $next in
      )" +
         joined(paths, "|") + ") path=$next; continue ;;\n    esac\n    case $word in\n      " +
         joined(value_options(all), "|") + ") i=$((i + 1)) ;;\n    esac\n  done\n" +
         "  case \"$path|$prev\" in\n" + bash_values(all) + "  esac\n" +
         "  if [ -n \"$words\" ]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n    return 0\n  fi\n" +
         "  case $prev in\n    " + joined(value_options(all), "|") +
         ") return 0 ;;  # any value: file names\n  esac\n  case $path in\n" + bash_places(all) +
         "  esac\n  [[ $cur == -* ]] && words=$options\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
         "complete -o default -F " +
         function + " " + top.name + "\n";
}

std::string zsh_completion(const Command& top, std::string_view origin) {
  std::string out = "#compdef " + top.name + "\n# zsh completion of " + top.name + "; made by `" +
                    std::string(origin) + "`, do not edit.\n";
  for (const Place& place : places(top)) out += zsh_place(place, top.name);
  return out + function_name(top.name, "") + " \"$@\"\n";
}

std::string fish_completion(const Command& top, std::string_view origin) {
  const auto all = places(top);
  const std::string at = "__" + top.name + "_at";
  std::vector<std::string> paths;
  for (const Place& place : all) {
    if (!place.path.empty()) paths.push_back("'" + place.path + "'");
  }
  std::string out = "# fish completion of " + top.name + "; made by `" + std::string(origin) +
                    "`, do not edit.\nfunction " + at + R"(
    set -l path
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
            continue
        end
        set -l next (string join -- ' ' $path $word)
        switch $next
            case )" +
                    joined(paths) +
                    "\n                set path $path $word\n                continue\n"
                    "        end\n        switch $word\n            case " +
                    joined(value_options(all)) +
                    "\n                set skip 1\n        end\n    end\n"
                    "    test \"$path\" = \"$argv\"\nend\n";
  for (const Place& place : all) {
    const std::string here =
        "complete -c " + top.name + " -n " + fish_quoted(at + " " + place.path);
    if (!place.command->subcommands.empty()) out += here + " -f\n";
    for (const Command& sub : place.command->subcommands) {
      out += here + " -a " + sub.name + " -d " + fish_quoted(sub.summary) + "\n";
    }
    for (const Option* option : place.options) {
      if (!option->positional) out += here + fish_option(*option) + "\n";
    }
  }
  return out;
}

}  // namespace gk::manual
