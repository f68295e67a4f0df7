// gamekeeperd: reads its options and configuration, then runs the daemon.

#include <iostream>

#include "base/error_codes.h"
#include "server/daemon.h"
#include "server/options.h"
#include "server/reference.h"

int main(int argc, char** argv) {
  const auto parsed = gk::server::parse_options(argc, argv, std::cout, std::cerr);
  if (parsed.exit_code) return *parsed.exit_code;
  if (!parsed.options.print.empty()) {
    return gk::server::print_reference(parsed.options.print, std::cout);
  }
  const auto outcome = gk::server::effective_config(parsed.options);
  if (!outcome.complaints.empty()) {
    std::cerr << gk::server::describe(outcome.complaints);
    return gk::kExitUsage;
  }
  if (parsed.options.check_config) {
    if (const auto tls = gk::server::Daemon::check_tls(outcome.config); !tls) {
      std::cerr << tls.error().message << "\n";
      return gk::error_code(tls.error().code).exit_code;
    }
    std::cout << "the configuration is valid\n";
    return 0;
  }
  auto daemon = gk::server::Daemon::create(parsed.options, outcome.config, outcome.text);
  if (!daemon) {
    std::cerr << "gamekeeperd: " << daemon.error().message << "\n";
    return gk::error_code(daemon.error().code).exit_code;
  }
  return (*daemon)->run();
}
