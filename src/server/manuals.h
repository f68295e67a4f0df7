// manuals.h: the manual pages gamekeeperd(8) and gamekeeper.toml(5), and the commented defaults.

#pragma once

#include <iosfwd>

#include "manual/command_tree.h"

namespace gk::server {

void print_manual(const manual::Command& tree, std::ostream& out);
void print_config_manual(std::ostream& out);
/// A configuration file in which every setting is commented out, with its default.
void print_config_example(std::ostream& out);

}  // namespace gk::server
