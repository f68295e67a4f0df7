// commands.h: one function a subcommand; one file each. Each registers itself with the command
// line and runs against a Context.

#pragma once

#include <functional>
#include <memory>

#include "cli/context.h"
#include "manual/command_line.h"

namespace gk::cli {

using manual::CommandLine;

/// What the chosen subcommand does; returns the exit code.
using Action = std::function<int(Context&)>;

/// Adds one subcommand to `app`; its callback stores into `action`.
/// Requires: `app` and `action` outlive parsing.
void add_setup_command(CommandLine app, Action& action);
void add_status_command(CommandLine app, Action& action);
void add_top_command(CommandLine app, Action& action);
void add_health_command(CommandLine app, Action& action);
void add_metrics_command(CommandLine app, Action& action);
void add_lanes_command(CommandLine app, Action& action);
void add_lock_command(CommandLine app, Action& action);
void add_module_command(CommandLine app, Action& action);
void add_trace_command(CommandLine app, Action& action);
void add_game_command(CommandLine app, Action& action);
void add_notice_command(CommandLine app, Action& action);
void add_macro_command(CommandLine app, Action& action);
void add_simulate_command(CommandLine app, Action& action);
void add_quarantine_command(CommandLine macro, Action& action);
void add_macro_trends_command(CommandLine macro, Action& action);
void add_macro_schedule_command(CommandLine macro, Action& action);
void add_profile_command(CommandLine app, Action& action);
void add_profile_set_command(CommandLine profile, Action& action);
void add_task_command(CommandLine app, Action& action);
void add_user_command(CommandLine app, Action& action);
void add_role_command(CommandLine app, Action& action);
void add_token_command(CommandLine app, Action& action);
void add_audit_command(CommandLine app, Action& action);
void add_referee_command(CommandLine app, Action& action);
void add_db_command(CommandLine app, Action& action);
void add_logs_command(CommandLine app, Action& action);
void add_config_command(CommandLine app, Action& action);
void add_player_command(CommandLine app, Action& action);
void add_session_command(CommandLine app, Action& action);
void add_mode_command(CommandLine app, Action& action);
void add_command_command(CommandLine app, Action& action);

/// Parses the command line, runs the subcommand, returns the exit code (docs/errors.md).
int run_cli(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace gk::cli
