// options.h: the command line of gamekeeperd. What is given here wins over the configuration file.

#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "server/config.h"

namespace gk::server {

struct Options {
  std::string data_dir;
  std::string config_file;  ///< Empty: <data_dir>/config/gamekeeper.toml, if it exists.
  std::optional<std::string> listen;
  std::vector<std::string> allow_hosts, allow_origins;
  bool behind_proxy = false;
  bool insecure_http = false;
  std::optional<std::string> tls_certificate, tls_key;
  bool check_config = false;  ///< Check the configuration and end.
  std::string print;          ///< What to print (reference.h) before the end.
};

struct ParsedOptions {
  Options options;
  std::optional<int> exit_code;  ///< Set when the program should end (help, version, misuse).
};

ParsedOptions parse_options(int argc, const char* const* argv, std::ostream& out,
                            std::ostream& err);

/// The file that `options` mean.
std::string config_file_of(const Options& options);
/// The configuration file with the command line over it, checked whole.
ConfigOutcome effective_config(const Options& options);
/// As effective_config(), for a text that is not in the file yet.
ConfigOutcome effective_config(const Options& options, std::string_view text);

}  // namespace gk::server
