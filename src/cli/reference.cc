#include "cli/reference.h"

#include <ostream>

#include "manual/completion.h"
#include "manual/man_page.h"

namespace gk::cli {
namespace {

manual::ManPage page_of(std::string origin) {
  return {
      .name = "gamekeeper",
      .section = 1,
      .summary = "watch how games perform, and stop what hurts them",
      .origin = std::move(origin),
      .before = {{"DESCRIPTION",
                  {"The command line of gamekeeperd(8). It talks to the daemon of this machine "
                   "through the Unix socket in the daemon's data folder. root and the daemon's "
                   "own user are local administrators there.",
                   "Without --data the folder of one's own daemon is used, or that of the "
                   "service when only the service runs. Options before a command may also be "
                   "written after it."}}},
      .after = {{"EXIT STATUS",
                 {"-0: Done.", "-1: A negative answer: a failed health check, a cancelled macro.",
                  "-2: The command line is wrong.",
                  "-3 and above: By the kind of error; errors.md in the documentation has the "
                  "table."}},
                {"FILES",
                 {"-/var/lib/gamekeeper/gamekeeper.sock: Socket of the service.",
                  "-~/.local/share/gamekeeper/gamekeeper.sock: Socket of one's own daemon."}},
                {"EXAMPLES",
                 {"-gamekeeper setup: Create the first administrator.",
                  "-gamekeeper macro run --id dance --level dangerous -- ./dance.sh: Run a "
                  "program and stop it when it harms the machine."}},
                {"SEE ALSO", {"gamekeeperd(8), gamekeeper.toml(5)"}}}};
}

}  // namespace

void print_reference(const manual::Command& tree, std::string_view what, std::ostream& out) {
  const std::string origin = "gamekeeper --print " + std::string(what);
  if (what == "completion-bash") {
    out << manual::bash_completion(tree, origin);
  } else if (what == "completion-zsh") {
    out << manual::zsh_completion(tree, origin);
  } else if (what == "completion-fish") {
    out << manual::fish_completion(tree, origin);
  } else {
    out << manual::man_page(tree, page_of(origin));
  }
}

}  // namespace gk::cli
