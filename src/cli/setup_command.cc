#include <fstream>
#include <ostream>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/secret.h"

namespace gk::cli {
namespace {

struct SetupOptions {
  std::string username = "admin";
  std::string code;
  bool password_stdin = false;
};

/// The code from the file that the daemon wrote for its own user; empty when it is not readable.
std::string code_from_file(const std::string& data_dir) {
  std::ifstream in(data_dir + "/setup-code");
  std::string code;
  std::getline(in, code);
  return code;
}

int setup(Context& context, SetupOptions options) {
  const auto state = context.get("/setup");
  if (!state) return context.fail(state.error());
  const JsonValue* needed = state->find("needed");
  if (needed == nullptr || !needed->is_bool() || !needed->as_bool()) {
    return context.fail({Errc::failed_precondition, "an administrator exists already"});
  }
  if (options.code.empty()) options.code = code_from_file(context.options().data_dir);
  if (options.code.empty()) options.code = read_secret(context.err(), "Setup code: ");
  const auto password = read_new_password(context.err(), options.username);
  if (!password) return context.fail(password.error());
  std::string body;
  JsonWriter(body)
      .begin_object()
      .field("code", options.code)
      .field("username", options.username)
      .field("password", *password)
      .end_object();
  const auto answer = context.post("/setup", body);
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  context.out() << "Administrator " << options.username << " created.\n";
  return 0;
}

}  // namespace

void add_setup_command(CommandLine app, Action& action) {
  auto command = app.add_subcommand("setup", "Create the first administrator");
  auto options = std::make_shared<SetupOptions>();  // shared: the parser and the action use it
  command.add_option("--username", options->username, "Name of the administrator").show_default();
  command.add_option("--code", options->code, "Setup code (default: from the data folder)");
  command.add_flag("--password-stdin", options->password_stdin,
                   "Read the password from stdin (it always is)");
  command.callback([options, &action] {
    action = [options](Context& context) { return setup(context, *options); };
  });
}

}  // namespace gk::cli
