// options.h: what the daemon asks of one gamekeeper-worker, as command-line words.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gk::worker {

enum class Mode : std::uint8_t { user, root, session };

/// One program to supervise. The meaning of each field is in sys/spawn.h.
struct Options {
  Mode mode = Mode::session;
  unsigned uid = 0;
  unsigned gid = 0;
  std::string directory = "/";
  std::uint64_t processes = 256;
  std::uint64_t files = 1024;
  std::uint64_t memory = 0;
  int lanes = -1;  ///< Descriptor that is the program's alone; -1: none.
  std::vector<std::string> hidden;
  std::vector<char*> command;  ///< Points into argv; ends with a null pointer.
};

/// Reads `supervise --mode user --uid 1000 … -- COMMAND…`. False: `problem` says what is wrong.
bool parse_options(int argc, char** argv, Options& options, std::string& problem);

}  // namespace gk::worker
