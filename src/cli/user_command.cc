#include <ostream>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/secret.h"
#include "cli/users.h"

namespace gk::cli {
namespace {

struct UserOptions {
  std::string name;
  std::string role = "viewer";
  std::string cursor;
  bool make_admin = false;
};

int list(Context& context, const UserOptions& options) {
  const std::string page = options.cursor.empty() ? "" : "?cursor=" + path_segment(options.cursor);
  return print_list(context, context.get("/users" + page),
                    {"USER", "ROLE", "DISABLED", "CREATED", "ID"},
                    {"username", "role", "disabled", "created_at", "id"});
}

int sessions(Context& context, const UserOptions& options) {
  const auto id = user_id_of(context, options.name);
  if (!id) return context.fail(id.error());
  return print_list(context, context.get("/users/" + *id + "/sessions"),
                    {"ID", "HELD BY", "ADDRESS", "LAST SEEN", "EXPIRES"},
                    {"id", "held_by", "address", "last_seen_at", "expires_at"});
}

int add(Context& context, const UserOptions& options) {
  const auto password = read_new_password(context.err(), options.name);
  if (!password) return context.fail(password.error());
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("username", options.name).field("role", options.role);
  w.field("password", *password).end_object();
  return print_done(context, context.post("/users", body), "Added " + options.name + ".");
}

int patch(Context& context, const std::string& name, const std::string& body,
          const std::string& done) {
  const auto id = user_id_of(context, name);
  if (!id) return context.fail(id.error());
  return print_done(context, context.send(net::Method::patch, "/users/" + *id, body), done);
}

int set_role(Context& context, const UserOptions& options) {
  std::string body;
  JsonWriter(body).begin_object().field("role", options.role).end_object();
  return patch(context, options.name, body, options.name + " is " + options.role + " now.");
}

int set_disabled(Context& context, const UserOptions& options, bool disabled) {
  std::string body;
  JsonWriter(body).begin_object().field("disabled", disabled).end_object();
  return patch(context, options.name, body,
               (disabled ? "Disabled " : "Enabled ") + options.name + ".");
}

int remove(Context& context, const UserOptions& options) {
  const auto id = user_id_of(context, options.name);
  if (!id) return context.fail(id.error());
  return print_done(context, context.send(net::Method::del, "/users/" + *id, ""),
                    "Deleted " + options.name + ".");
}

int reset(Context& context, const UserOptions& options) {
  const auto id = user_id_of(context, options.name);
  if (!id) return context.fail(id.error());
  const auto password = read_new_password(context.err(), options.name);
  if (!password) return context.fail(password.error());
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("password", *password).field("make_admin", options.make_admin);
  w.end_object();
  return print_done(context, context.post("/users/" + *id + "/reset", body),
                    options.name +
                        " can log in with the new password; their sessions, tokens and "
                        "second factor are gone.");
}

using Options = std::shared_ptr<UserOptions>;

CommandLine add_verb(CommandLine user, const Options& options, Action& action, const char* verb,
                     const char* help, int (*function)(Context&, const UserOptions&)) {
  auto command = user.add_subcommand(verb, help);
  command.add_option("name", options->name, "Name of the user").required();
  command.callback([options, function, &action] {
    action = [options, function](Context& context) { return function(context, *options); };
  });
  return command;
}

}  // namespace

void add_user_command(CommandLine app, Action& action) {
  auto user = app.add_subcommand("user", "Who may log in");
  user.require_subcommand();
  auto options = std::make_shared<UserOptions>();  // shared: the parser and the action use it
  auto list_command = user.add_subcommand("list", "All users");
  list_command.add_option("--cursor", options->cursor, "next_cursor of the page before");
  list_command.callback([options, &action] {
    action = [options](Context& context) { return list(context, *options); };
  });
  add_verb(user, options, action, "add", "Add a user; the password is read from stdin", add)
      .add_option("--role", options->role, "viewer, user, admin or one of your own")
      .show_default();
  add_verb(user, options, action, "sessions", "Where a user is logged in", sessions);
  add_verb(user, options, action, "role", "Give a user another role; ends their sessions", set_role)
      .add_option("role", options->role, "The role")
      .required();
  add_verb(user, options, action, "disable", "Refuse a user without deleting them",
           [](Context& c, const UserOptions& o) { return set_disabled(c, o, true); });
  add_verb(user, options, action, "enable", "Let a disabled user in again",
           [](Context& c, const UserOptions& o) { return set_disabled(c, o, false); });
  add_verb(user, options, action, "delete", "Delete a user with sessions and tokens", remove);
  add_verb(user, options, action, "reset",
           "Recover a lost account: new password from stdin, enabled, no second factor. Only as "
           "root or the daemon's own user",
           reset)
      .add_flag("--admin", options->make_admin, "Make the user an administrator as well");
}

}  // namespace gk::cli
