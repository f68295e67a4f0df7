// completion.h: shell completions of a command line: subcommands, options, and their values.

#pragma once

#include <string>
#include <string_view>

#include "manual/command_tree.h"

namespace gk::manual {

/// Scripts for one program; `origin` is the command that makes them, for the first line.
/// A value that is not one of a few words completes to file names.
std::string bash_completion(const Command& top, std::string_view origin);
std::string zsh_completion(const Command& top, std::string_view origin);
std::string fish_completion(const Command& top, std::string_view origin);

}  // namespace gk::manual
