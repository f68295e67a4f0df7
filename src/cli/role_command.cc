
#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/users.h"

namespace gk::cli {
namespace {

struct RoleOptions {
  std::string name;
  std::vector<std::string> scopes;
  std::vector<std::string> more_scopes;  ///< Of --scope, as `token create` has it.
};

int list(Context& context) {
  return print_list(context, context.get("/roles"), {"ROLE", "BUILT IN", "SCOPES"},
                    {"name", "builtin", "scopes"});
}

int set(Context& context, const RoleOptions& options) {
  if (options.scopes.empty() && options.more_scopes.empty()) {
    return context.fail(
        {Errc::invalid_argument, "scopes: expected at least one, such as --scope macros:read"});
  }
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("scopes").begin_array();
  for (const std::string& scope : options.scopes) w.value(scope);
  for (const std::string& scope : options.more_scopes) w.value(scope);
  w.end_array().end_object();
  return print_done(context,
                    context.send(net::Method::put, "/roles/" + path_segment(options.name), body),
                    "Set the role " + options.name + ".");
}

int remove(Context& context, const RoleOptions& options) {
  return print_done(context,
                    context.send(net::Method::del, "/roles/" + path_segment(options.name), ""),
                    "Deleted the role " + options.name + ".");
}

}  // namespace

void add_role_command(CommandLine app, Action& action) {
  auto role = app.add_subcommand("role", "What users may do");
  role.require_subcommand();
  role.add_subcommand("list", "All roles with their scopes").callback([&action] { action = list; });
  auto options = std::make_shared<RoleOptions>();  // shared: the parser and the action use it
  auto set_command = role.add_subcommand("set", "Make or change a role");
  set_command.add_option("name", options->name, "Name of the role").required();
  set_command.add_option("scopes", options->scopes, "Its scopes, such as macros:read");
  set_command.add_option("--scope", options->more_scopes, "The same, once for each scope");
  set_command.callback([options, &action] {
    action = [options](Context& context) { return set(context, *options); };
  });
  auto delete_command = role.add_subcommand("delete", "Delete a role that nobody has");
  delete_command.add_option("name", options->name, "Name of the role").required();
  delete_command.callback([options, &action] {
    action = [options](Context& context) { return remove(context, *options); };
  });
}

}  // namespace gk::cli
