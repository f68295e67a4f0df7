// gamekeeper-worker: confines and supervises one program for the daemon. Not for people.
#include <cstdio>
#include <string>

#include "worker/options.h"
#include "worker/supervisor.h"

int main(int argc, char** argv) {
  gk::worker::Options options;
  std::string problem;
  if (!gk::worker::parse_options(argc, argv, options, problem)) {
    std::fprintf(stderr, "gamekeeper-worker: %s\n", problem.c_str());
    return 2;
  }
  return gk::worker::supervise(options);
}
