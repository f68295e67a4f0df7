// reference.h: what `gamekeeper --print` writes: completions and the manual page.

#pragma once

#include <iosfwd>
#include <string_view>

#include "manual/command_tree.h"

namespace gk::cli {

/// `what`: "completion-bash", "completion-zsh", "completion-fish" or "man".
void print_reference(const manual::Command& tree, std::string_view what, std::ostream& out);

}  // namespace gk::cli
