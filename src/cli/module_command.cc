#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/users.h"

namespace gk::cli {
namespace {

struct ModuleOptions {
  std::string name;
  std::string group;
  int priority = -1;
};

int list(Context& context) {
  return print_list(context, context.get("/lock-modules"),
                    {"MODULE", "PRIORITY", "GROUP", "USERS", "PROGRAMS", "SOURCE"},
                    {"name", "priority", "group", "uids", "programs", "source"});
}

int set(Context& context, const ModuleOptions& options) {
  std::string body;
  JsonWriter w(body);
  w.begin_object();
  if (options.priority >= 0) w.field("priority", options.priority);
  if (!options.group.empty()) w.field("group", options.group);
  w.end_object();
  return print_done(
      context, context.send(net::Method::put, "/lock-modules/" + path_segment(options.name), body),
      "Set the module " + options.name + ".");
}

int remove(Context& context, const ModuleOptions& options) {
  return print_done(
      context, context.send(net::Method::del, "/lock-modules/" + path_segment(options.name), ""),
      "Deleted the module " + options.name + ".");
}

}  // namespace

void add_module_command(CommandLine app, Action& action) {
  auto module = app.add_subcommand("module", "Modules that ask for lanes: who goes first");
  module.require_subcommand();
  module.add_subcommand("list", "All modules with priority and group").callback([&action] {
    action = list;
  });
  auto options = std::make_shared<ModuleOptions>();  // shared: the parser and the action use it
  auto set_command = module.add_subcommand("set", "Make or change a module");
  set_command.add_option("name", options->name, "Name of the module").required();
  set_command.add_option("--priority", options->priority, "Higher goes first").range(0, 255);
  set_command.add_option("--group", options->group, "No gap between modules of one group");
  set_command.callback([options, &action] {
    action = [options](Context& context) { return set(context, *options); };
  });
  auto delete_command = module.add_subcommand(
      "delete", "Forget a module, or take back what was changed of a default");
  delete_command.add_option("name", options->name, "Name of the module").required();
  delete_command.callback([options, &action] {
    action = [options](Context& context) { return remove(context, *options); };
  });
}

}  // namespace gk::cli
