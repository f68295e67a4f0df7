#include "server/hidden_paths.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "sys/files.h"

namespace gk::server {

std::vector<std::string> hidden_paths(const std::string& data_dir, const Config& config) {
  std::vector<std::string> out{data_dir, "/run/user/" + std::to_string(::getuid())};
  if (config.tls_key.empty()) return out;
  std::error_code failed;
  const auto real = std::filesystem::canonical(config.tls_key, failed);
  for (const std::string& file : {config.tls_key, failed ? config.tls_key : real.string()}) {
    const std::string folder = sys::parent_dir(file);
    const std::string& hidden = folder == "/" ? file : folder;  // Nothing runs without its root.
    if (std::find(out.begin(), out.end(), hidden) == out.end()) out.push_back(hidden);
  }
  return out;
}

}  // namespace gk::server
