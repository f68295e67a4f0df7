// referee-tool: the offline programs of the referee, until the gamekeeper CLI offers them.
#include <iostream>
#include <string>
#include <vector>

#include "referee/offline/replay.h"
#include "referee/offline/score.h"

int main(int count, char** values) {
  std::ios::sync_with_stdio(false);
  const std::vector<std::string> arguments(values + 1, values + count);
  const std::span<const std::string> rest(arguments.data() + (arguments.empty() ? 0 : 1),
                                          arguments.empty() ? 0 : arguments.size() - 1);
  const std::string verb = arguments.empty() ? "" : arguments[0];
  if (verb == "replay") return gk::referee::replay_main(rest, std::cin, std::cout, std::cerr);
  if (verb == "score") return gk::referee::score_main(rest, std::cout, std::cerr);
  if (verb == "generate") return gk::referee::generate_main(rest, std::cout, std::cerr);
  std::cerr << "usage: referee-tool replay|generate|score …\n";
  return 2;
}
