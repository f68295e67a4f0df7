// manuals.h: the manual pages gamekeeperd(8) and gamekeeper.toml(5), and the commented defaults.

#pragma once

#include <iosfwd>

namespace CLI {
class App;
}

namespace gk::server {

void print_manual(const CLI::App& app, std::ostream& out);
void print_config_manual(std::ostream& out);
/// A configuration file in which every setting is commented out, with its default.
void print_config_example(std::ostream& out);

}  // namespace gk::server
