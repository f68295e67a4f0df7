// hidden_paths.h: what programs that the daemon starts must not reach: macros, games, operations.

#pragma once

#include <string>
#include <vector>

#include "server/config.h"

namespace gk::server {

/// Our own files; the user's session bus, which could start programs outside the namespaces; and
/// the folder of the TLS key, as it is named and where links lead. The folder, because the next key
/// is another file in it.
std::vector<std::string> hidden_paths(const std::string& data_dir, const Config& config);

}  // namespace gk::server
