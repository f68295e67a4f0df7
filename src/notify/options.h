// options.h: the command line of gamekeeper-notify. Secrets never come this way: they would be
// visible to every user of the machine.

#pragma once

#include <string>
#include <vector>

#include "gamekeeper/result.h"
#include "notices/rules/address_guard.h"

namespace gk::notify {

struct Options {
  std::vector<notices::Network> allowed;  ///< --allow NETWORK: private ones that may be reached.
  std::string ca_file;                    ///< --ca-file PATH instead of the system's.
};

/// Errors: invalid_argument (says which word).
Result<Options> parse_options(const std::vector<std::string>& words);

}  // namespace gk::notify
