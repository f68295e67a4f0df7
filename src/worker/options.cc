#include "worker/options.h"

#include <charconv>
#include <cstring>
#include <string_view>

namespace gk::worker {
namespace {

template <typename T>
bool read_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

bool take(std::string_view name, std::string_view value, Options& options) {
  if (name == "--mode") {
    if (value == "user") options.mode = Mode::user;
    if (value == "root") options.mode = Mode::root;
    if (value == "session") options.mode = Mode::session;
    return value == "user" || value == "root" || value == "session";
  }
  if (name == "--uid") return read_number(value, options.uid);
  if (name == "--gid") return read_number(value, options.gid);
  if (name == "--processes") return read_number(value, options.processes);
  if (name == "--files") return read_number(value, options.files);
  if (name == "--lanes") return read_number(value, options.lanes);
  if (name == "--memory") return read_number(value, options.memory);
  if (name == "--directory") options.directory = value;
  if (name == "--hide") options.hidden.emplace_back(value);
  return name == "--directory" || name == "--hide";
}

}  // namespace

bool parse_options(int argc, char** argv, Options& options, std::string& problem) {
  if (argc < 2 || std::strcmp(argv[1], "supervise") != 0) {
    problem = "usage: gamekeeper-worker supervise [--name value]... -- COMMAND...";
    return false;
  }
  int i = 2;
  for (; i + 1 < argc && std::strcmp(argv[i], "--") != 0; i += 2) {
    if (take(argv[i], argv[i + 1], options)) continue;
    problem = std::string("bad option ") + argv[i] + " " + argv[i + 1];
    return false;
  }
  if (i + 1 >= argc || std::strcmp(argv[i], "--") != 0) {
    problem = "expected -- and a command";
    return false;
  }
  for (++i; i < argc; ++i) options.command.push_back(argv[i]);
  options.command.push_back(nullptr);
  return true;
}

}  // namespace gk::worker
