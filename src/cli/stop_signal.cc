#include "cli/stop_signal.h"

#include <csignal>
#include <initializer_list>

namespace gk::cli {
namespace {

volatile std::sig_atomic_t caught = 0;  // NOLINT: a signal handler has nowhere else to write

}  // namespace

void catch_stop_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const auto before = std::signal(number, [](int which) { caught = which; });
    if (before == SIG_IGN) std::signal(number, SIG_IGN);
  }
}

int stop_signal() { return caught; }

}  // namespace gk::cli
