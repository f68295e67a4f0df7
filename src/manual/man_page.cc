#include "manual/man_page.h"

namespace gk::manual {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string head(const ManPage& page) {
  return ".\\\" Made by `" + page.origin + "`, do not edit.\n.TH " + upper(page.name) + " " +
         std::to_string(page.section) + " \"\" \"Gamekeeper\" \"Gamekeeper\"\n.SH NAME\n" +
         roff(page.name) + " \\- " + roff(page.summary) + "\n";
}

std::string body(const std::vector<ManSection>& sections) {
  std::string out;
  for (const ManSection& section : sections) {
    out += ".SH " + section.title + "\n";
    bool first = true;
    for (const std::string& line : section.lines) {
      const std::size_t colon = line.find(": ");
      if (line.starts_with('-') && colon != std::string::npos) {
        out += ".TP\n\\fB" + roff(line.substr(1, colon - 1)) + "\\fR\n" +
               roff(line.substr(colon + 2)) + "\n";
      } else {
        out += (first ? "" : ".PP\n") + roff(line) + "\n";
      }
      first = false;
    }
  }
  return out;
}

std::string value_text(const Option& option) {
  if (option.choices.empty()) return "\\fI" + roff(option.value) + "\\fR";
  std::string out;
  for (const auto& word : option.choices) out += (out.empty() ? "" : "|") + roff(word);
  return out;
}

std::string entry(const Option& option) {
  std::string names;
  for (const auto& name : option.names) {
    names += (names.empty() ? "" : ", ") + ("\\fB" + roff(name) + "\\fR");
  }
  std::string out = ".TP\n" + names;
  if (!option.positional && !option.value.empty()) out += " " + value_text(option);
  out += "\n" + roff(option.summary);
  if (!option.fallback.empty()) out += " (default: " + roff(option.fallback) + ")";
  if (option.required && !option.positional) out += " (required)";
  return out + "\n";
}

/// "[OPTIONS] id" after a command's name.
std::string usage(const Command& command) {
  std::string out;
  bool options = false;
  for (const Option& option : command.options) {
    options = options || (!option.positional && option.names.back() != "--help");
  }
  if (options) out += " [\\fIOPTIONS\\fR]";
  for (const Option& option : command.options) {
    if (!option.positional) continue;
    const std::string name =
        "\\fI" + roff(option.names[0]) + "\\fR" + (option.repeatable ? "..." : "");
    out += option.required ? " " + name : " [" + name + "]";
  }
  if (!command.subcommands.empty()) out += " \\fICOMMAND\\fR ...";
  return out;
}

std::string commands(const Command& top) {
  std::string out;
  for (const Place& place : places(top)) {
    // Where only subcommands can be written there is nothing to say that they do not.
    if (place.path.empty() || !place.command->subcommands.empty()) continue;
    out += ".SS \"" + roff(top.name + " " + place.path) + "\"\n\\fB" +
           roff(top.name + " " + place.path) + "\\fR" + usage(*place.command) + "\n.PP\n" +
           roff(place.command->summary) + ".\n";
    for (const Option& option : place.command->options) {
      if (option.names.back() != "--help") out += entry(option);
    }
  }
  return out.empty() ? "" : ".SH COMMANDS\n" + out;
}

}  // namespace

std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && out.empty()) {
      out += std::string("\\&") + c;  // A line that begins so would be a request.
    } else {
      out += c;
    }
  }
  return out;
}

std::string man_page(const Command& top, const ManPage& page) {
  std::string out = head(page) + ".SH SYNOPSIS\n\\fB" + roff(top.name) + "\\fR" + usage(top) +
                    "\n" + body(page.before) + ".SH OPTIONS\n";
  for (const Option& option : top.options) out += entry(option);
  return out + commands(top) + body(page.after);
}

std::string man_page(const ManPage& page) {
  return head(page) + body(page.before) + body(page.after);
}

}  // namespace gk::manual
