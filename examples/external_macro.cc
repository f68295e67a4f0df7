// external_macro.cc: a program whose automation the daemon may end. It prints what it is told, one
// line each, and leaves when it may not act any more, or when its standard input is closed.
//
//   external_macro SOCKET MACRO_ID [--process]
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>

#include "gamekeeper/external_macro.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: external_macro SOCKET MACRO_ID [--process]\n");
    return 2;
  }
  const bool process = argc > 3 && std::strcmp(argv[3], "--process") == 0;
  std::atomic<bool> over = false;
  const auto told = [&over](const gk::ExternalChange& change) {
    std::printf("%s %s\n", gk::external_state_name(change.state), change.reason.c_str());
    std::fflush(stdout);
    over =
        change.state != gk::ExternalState::running && change.state != gk::ExternalState::unwatched;
  };
  const auto macro =
      gk::start_macro(argv[2], "An example", told, {.socket = argv[1], .give_process = process});
  if (!macro) {
    std::fprintf(stderr, "%s: %s\n", gk::errc_name(macro.error().code),
                 macro.error().message.c_str());
    return 1;
  }
  std::printf("running\n");
  std::fflush(stdout);
  // Here a real program would act on its game, and look at `over` before each step.
  while (!over) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    char byte = 0;
    if (::poll(&input, 1, 10) == 1 && ::read(STDIN_FILENO, &byte, 1) <= 0) break;
  }
  return 0;
}
