#include <ostream>

#include "base/error_codes.h"
#include "cli/commands.h"
#include "cli/reference.h"
#include "sys/paths.h"

namespace gk::cli {

int run_cli(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  manual::CommandParser parser("Gamekeeper: watch how games perform, and stop what hurts them",
                               "gamekeeper");
  CommandLine top = parser.top();
  top.require_subcommand();
  GlobalOptions options;
  options.data_dir = sys::client_data_dir(sys::default_data_dir());
  top.add_option("--data", options.data_dir, "Data folder of the daemon").show_default();
  top.add_option("--socket", options.socket, "Unix socket of the daemon (default: in --data)");
  top.add_flag("--json", options.json, "Print the API's JSON");
  // Hidden: for packaging/, where the answers are kept.
  top.add_hidden_end("--print", {"completion-bash", "completion-zsh", "completion-fish", "man"},
                     [&](const std::string& what) { print_reference(parser.tree(), what, out); });
  top.pass_down();  // "gamekeeper status --json" works as "gamekeeper --json status" does

  Action action;
  add_setup_command(top, action);
  add_status_command(top, action);
  add_top_command(top, action);
  add_health_command(top, action);
  add_metrics_command(top, action);
  add_lanes_command(top, action);
  add_lock_command(top, action);
  add_module_command(top, action);
  add_trace_command(top, action);
  add_game_command(top, action);
  add_notice_command(top, action);
  add_macro_command(top, action);
  add_profile_command(top, action);
  add_simulate_command(top, action);
  add_task_command(top, action);
  add_user_command(top, action);
  add_role_command(top, action);
  add_token_command(top, action);
  add_audit_command(top, action);
  add_referee_command(top, action);
  add_db_command(top, action);
  add_logs_command(top, action);
  add_config_command(top, action);
  add_player_command(top, action);
  add_session_command(top, action);
  add_mode_command(top, action);
  add_command_command(top, action);
  switch (parser.parse(argc, argv, out, err)) {
    case manual::Parsed::ended: return 0;
    case manual::Parsed::wrong: return kExitUsage;
    case manual::Parsed::ready: break;
  }
  Context context(options, out, err);
  return action(context);
}

}  // namespace gk::cli
