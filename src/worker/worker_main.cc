// gamekeeper-worker: confines and supervises one program for the daemon, or is that program itself
// when it is a script. Not for people.
#include <cstdio>
#include <cstring>
#include <string>

#include "worker/lua_program.h"
#include "worker/options.h"
#include "worker/supervisor.h"

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "lua") == 0) return gk::worker::run_lua();
  gk::worker::Options options;
  std::string problem;
  if (!gk::worker::parse_options(argc, argv, options, problem)) {
    std::fprintf(stderr, "gamekeeper-worker: %s\n", problem.c_str());
    return 2;
  }
  return gk::worker::supervise(options);
}
