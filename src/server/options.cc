#include "server/options.h"

#include <filesystem>

#include "base/error_codes.h"
#include "manual/command_line.h"
#include "server/config_complaints.h"
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
  app.add_option("--tls-cert", o.tls_certificate,
                 "Speak TLS with the certificate (and chain) in this PEM file");
  app.add_option("--tls-key", o.tls_key, "Its private key, a PEM file that only its owner reads");
  app.add_flag("--check-config", o.check_config, "Check the configuration and end");
  app.add_option("--print", o.print, "Print reference data and end")
      .one_of({"openapi", "asyncapi", "errors", "config", "metrics", "man", "config-man",
               "config-example", "config-schema"});
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

namespace {

std::string absolute(const std::string& path) {
  std::error_code failed;
  const auto out = std::filesystem::absolute(path, failed);
  return failed || path.empty() ? path : out.string();
}

/// Lays the command line over the file's configuration, and checks what only both together can say.
ConfigOutcome with_options(const Options& options, ConfigOutcome outcome) {
  Config& c = outcome.config;
  if (options.listen) c.listen = *options.listen;
  c.allow_hosts.insert(c.allow_hosts.end(), options.allow_hosts.begin(), options.allow_hosts.end());
  c.allow_origins.insert(c.allow_origins.end(), options.allow_origins.begin(),
                         options.allow_origins.end());
  c.behind_proxy = c.behind_proxy || options.behind_proxy;
  c.insecure_http = c.insecure_http || options.insecure_http;
  // A path of the command line is seen from where the command was given.
  if (options.tls_certificate) c.tls_certificate = absolute(*options.tls_certificate);
  if (options.tls_key) c.tls_key = absolute(*options.tls_key);
  const std::string file = config_file_of(options);
  const auto check = [&outcome](const char* option, const Complaint& wrong) {
    if (wrong) outcome.complaints.push_back({"command line", 0, option, *wrong});
    return !wrong;
  };
  for (const auto& host : options.allow_hosts) check("--allow-host", complaint_of_host(host));
  for (const auto& origin : options.allow_origins) {
    check("--allow-origin", complaint_of_origin(origin));
  }
  const bool can_listen =
      !options.listen || check("--listen", complaint_of_listen(*options.listen));
  if (c.tls_certificate.empty() != c.tls_key.empty()) {
    const bool keyless = c.tls_key.empty();
    const std::string have = keyless ? "tls.certificate" : "tls.key";
    const std::string lack = keyless ? "tls.key" : "tls.certificate";
    outcome.complaints.push_back(
        {file, 0, lack, "expected a file, because " + have + " has one: both or neither"});
  }
  if (auto exposure = check_exposure(c); can_listen && !exposure) {
    const std::string from = options.listen ? "command line" : file;
    outcome.complaints.push_back({from, 0, "listen", exposure.error().message});
  }
  return outcome;
}

}  // namespace

std::string config_file_of(const Options& options) {
  return options.config_file.empty() ? options.data_dir + "/config/gamekeeper.toml"
                                     : options.config_file;
}

ConfigOutcome effective_config(const Options& options) {
  return with_options(options, load_config(config_file_of(options), !options.config_file.empty()));
}

ConfigOutcome effective_config(const Options& options, std::string_view text) {
  return with_options(options, parse_config(text, config_file_of(options)));
}

}  // namespace gk::server
