#include "sys/paths.h"

#include <cstdlib>
#include <filesystem>

namespace gk::sys {
namespace {

std::string env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string default_data_dir() {
  if (const std::string dir = env("STATE_DIRECTORY"); !dir.empty()) return dir;
  if (const std::string dir = env("XDG_DATA_HOME"); !dir.empty()) return dir + "/gamekeeper";
  const std::string home = env("HOME");
  return home.empty() ? "/var/lib/gamekeeper" : home + "/.local/share/gamekeeper";
}

std::string program_dir() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  return failed ? "." : program.parent_path().string();
}

std::string helper_path(const std::string& name) {
  std::error_code ignored;
  const std::filesystem::path dir = program_dir();
  const auto packaged = dir.parent_path() / "lib" / "gamekeeper" / name;
  const bool beside = std::filesystem::exists(dir / name, ignored);
  return (!beside && std::filesystem::exists(packaged, ignored) ? packaged : dir / name).string();
}

std::string client_data_dir(const std::string& own, const std::string& service) {
  std::error_code ignored;
  const auto runs = [&](const std::string& dir) {
    return std::filesystem::exists(socket_path(dir), ignored);
  };
  const auto has_data = [&](const std::string& dir) {
    return std::filesystem::exists(dir + "/state.db", ignored);
  };
  if (runs(own)) return own;
  return runs(service) || (!has_data(own) && has_data(service)) ? service : own;
}

std::string socket_path(const std::string& data_dir) { return data_dir + "/gamekeeper.sock"; }

std::string lanes_socket_path(const std::string& data_dir) { return data_dir + "/lanes.sock"; }

std::string frames_socket_path(const std::string& data_dir) { return data_dir + "/frames.sock"; }

}  // namespace gk::sys
