// reference.h: what `gamekeeper --print` writes: completions and the manual page.

#pragma once

#include <iosfwd>
#include <string_view>

namespace CLI {
class App;
}

namespace gk::cli {

/// `what`: "completion-bash", "completion-zsh", "completion-fish" or "man".
void print_reference(const CLI::App& app, std::string_view what, std::ostream& out);

}  // namespace gk::cli
