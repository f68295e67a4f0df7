#include "server/options.h"

#include "base/error_codes.h"
#include "manual/command_line.h"
#include "server/manuals.h"
#include "server/version.h"
#include "sys/paths.h"

namespace gk::server {

ParsedOptions parse_options(int argc, const char* const* argv, std::ostream& out,
                            std::ostream& err) {
  ParsedOptions parsed;
  Options& o = parsed.options;
  o.data_dir = sys::default_data_dir();
  manual::CommandParser parser(
      "Gamekeeper's daemon: watches this machine and its games, and stops what hurts them",
      "gamekeeperd");
  manual::CommandLine app = parser.top();
  app.add_option("--data", o.data_dir, "Folder for databases, logs, configuration and the socket")
      .show_default();
  app.add_option("--config", o.config_file, "Configuration (default: DATA/config/gamekeeper.toml)");
  app.add_option("--listen", o.listen, "Address and port (default 127.0.0.1:5000)");
  app.add_option("--allow-host", o.allow_hosts, "Serve this host name too (repeatable)");
  app.add_option("--allow-origin", o.allow_origins,
                 "Let this origin change state too (repeatable)");
  app.add_flag("--behind-proxy", o.behind_proxy, "A proxy with TLS stands before this server");
  app.add_flag("--insecure-http", o.insecure_http, "Plain HTTP on another address than loopback");
  app.add_flag("--check-config", o.check_config, "Check the configuration and end");
  app.add_option("--print", o.print, "Print reference data and end")
      .one_of({"openapi", "asyncapi", "errors", "config", "metrics", "man", "config-man",
               "config-example"});
  app.add_version("--version", std::string("gamekeeperd ") + kVersion);
  switch (parser.parse(argc, argv, out, err)) {
    case manual::Parsed::ended: parsed.exit_code = 0; break;
    case manual::Parsed::wrong: parsed.exit_code = kExitUsage; break;
    case manual::Parsed::ready:
      if (o.print == "man") {
        print_manual(parser.tree(), out);
        parsed.exit_code = 0;
      }
      break;
  }
  return parsed;
}

ConfigOutcome effective_config(const Options& options) {
  const bool named = !options.config_file.empty();
  const std::string file =
      named ? options.config_file : options.data_dir + "/config/gamekeeper.toml";
  ConfigOutcome outcome = load_config(file, named);
  Config& c = outcome.config;
  if (options.listen) c.listen = *options.listen;
  c.allow_hosts.insert(c.allow_hosts.end(), options.allow_hosts.begin(), options.allow_hosts.end());
  c.allow_origins.insert(c.allow_origins.end(), options.allow_origins.begin(),
                         options.allow_origins.end());
  c.behind_proxy = c.behind_proxy || options.behind_proxy;
  c.insecure_http = c.insecure_http || options.insecure_http;
  if (auto exposure = check_exposure(c); !exposure) {
    outcome.complaints.push_back(
        {options.listen ? "command line" : file, 0, "listen", exposure.error().message});
  }
  return outcome;
}

}  // namespace gk::server
