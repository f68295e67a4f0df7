#include <CLI/CLI.hpp>
#include <ostream>

#include "base/error_codes.h"
#include "cli/commands.h"
#include "cli/reference.h"
#include "sys/paths.h"

namespace gk::cli {

int run_cli(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  CLI::App app{"Gamekeeper: watch how games perform, and stop what hurts them", "gamekeeper"};
  app.require_subcommand(1);
  GlobalOptions options;
  options.data_dir = sys::client_data_dir(sys::default_data_dir());
  app.add_option("--data", options.data_dir, "Data folder of the daemon")->capture_default_str();
  app.add_option("--socket", options.socket, "Unix socket of the daemon (default: in --data)");
  app.add_flag("--json", options.json, "Print the API's JSON");
  // Hidden: for packaging/, where the answers are kept.
  app.add_option_function<std::string>(
         "--print",
         [&app, &out](const std::string& what) {
           print_reference(app, what, out);
           throw CLI::Success();
         },
         "Print reference data and end")
      ->check(CLI::IsMember({"completion-bash", "completion-zsh", "completion-fish", "man"}))
      ->group("");
  app.fallthrough();  // "gamekeeper status --json" works as "gamekeeper --json status" does

  Action action;
  add_setup_command(app, action);
  add_status_command(app, action);
  add_top_command(app, action);
  add_health_command(app, action);
  add_metrics_command(app, action);
  add_lanes_command(app, action);
  add_lock_command(app, action);
  add_trace_command(app, action);
  add_macro_command(app, action);
  add_profile_command(app, action);
  add_session_command(app, action);
  add_mode_command(app, action);
  add_command_command(app, action);
  add_task_command(app, action);
  add_user_command(app, action);
  add_role_command(app, action);
  add_token_command(app, action);
  add_audit_command(app, action);
  add_referee_command(app, action);
  add_db_command(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e, out, err);
    return code == 0 ? 0 : kExitUsage;
  }
  Context context(options, out, err);
  return action(context);
}

}  // namespace gk::cli
