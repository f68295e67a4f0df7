#include "server/manuals.h"

#include <ostream>

#include "manual/man_page.h"
#include "server/config.h"

namespace gk::server {
namespace {

manual::ManPage daemon_page() {
  return {
      .name = "gamekeeperd",
      .section = 8,
      .summary = "Gamekeeper's daemon",
      .origin = "gamekeeperd --print man",
      .before = {{"DESCRIPTION",
                  {"Watches this machine and its games, stops macros that hurt them, and serves "
                   "the dashboard and the API. What is given on the command line wins over the "
                   "configuration file.",
                   "At its first start it prints where to create the first administrator; the "
                   "one-time code is in the file setup-code in the data folder, and valid for "
                   "15 minutes."}}},
      .after = {{"SIGNALS",
                 {"-SIGTERM, SIGINT: End within 5 seconds: macros are stopped, requests are "
                  "answered, everything is saved. A second one does not wait.",
                  "-SIGUSR2: Emergency stop: every macro is killed. The daemon goes on."}},
                {"ENVIRONMENT",
                 {"-STATE_DIRECTORY: The data folder; systemd sets it.",
                  "-NOTIFY_SOCKET, WATCHDOG_USEC: sd_notify(3): the daemon says that it is "
                  "ready, alive and ending. It says alive from its event loop: one that hangs "
                  "is restarted."}},
                {"EXIT STATUS",
                 {"-0: It was asked to end.", "-2: The command line or configuration is wrong.",
                  "-3 and above: By the kind of error; errors.md in the documentation has the "
                  "table."}},
                {"FILES",
                 {"-/etc/gamekeeper/gamekeeper.toml: Configuration of the service.",
                  "-/var/lib/gamekeeper: Data folder of the service.",
                  "-~/.local/share/gamekeeper: Data folder of a daemon of one's own."}},
                {"SEE ALSO", {"gamekeeper(1), gamekeeper.toml(5), systemctl(1)"}}}};
}

}  // namespace

void print_manual(const manual::Command& tree, std::ostream& out) {
  out << manual::man_page(tree, daemon_page());
}

void print_config_manual(std::ostream& out) {
  manual::ManSection settings{"SETTINGS", {}};
  for (const SettingText& s : setting_texts()) {
    std::string line = "-" + s.key + ": " + s.meaning + ". A " + s.type + ", default " + s.fallback;
    if (!s.range.empty() && s.type != "boolean") line += "; " + s.range;
    settings.lines.push_back(line + ".");
  }
  out << manual::man_page(
      {.name = "gamekeeper.toml",
       .section = 5,
       .summary = "configuration of gamekeeperd",
       .origin = "gamekeeperd --print config-man",
       .before = {{"DESCRIPTION",
                   {"One TOML file: what --config of gamekeeperd(8) names, else "
                    "config/gamekeeper.toml in the data folder. Dots are sections: "
                    "monitor.interval_s is interval_s below [monitor].",
                    "All mistakes are reported at once, with line, key and allowed range; the "
                    "daemon then ends with code 2. gamekeeperd --check-config only checks."}},
                  std::move(settings)},
       .after = {{"SEE ALSO", {"gamekeeperd(8), gamekeeper(1)"}}}});
}

void print_config_example(std::ostream& out) {
  out << "# Settings of gamekeeperd: gamekeeper.toml(5). Every line shows a default.\n"
         "# Check a change: gamekeeperd --check-config --config FILE\n"
         "# Made by `gamekeeperd --print config-example`.\n";
  std::string section;
  for (const SettingText& s : setting_texts()) {
    const std::size_t dot = s.key.find('.');
    const std::string in = dot == std::string::npos ? "" : s.key.substr(0, dot);
    if (in != section) out << "\n[" << (section = in) << "]\n";
    out << "\n# " << s.meaning << ".";
    if (!s.range.empty() && s.type != "boolean") out << " (" << s.range << ")";
    out << "\n#" << s.key.substr(dot == std::string::npos ? 0 : dot + 1) << " = " << s.fallback
        << "\n";
  }
}

}  // namespace gk::server
