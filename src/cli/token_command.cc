#include <ostream>

#include "base/clock.h"
#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/users.h"

namespace gk::cli {
namespace {

constexpr double kMaxDays = 36'500;  // Source: chosen; a century

struct TokenOptions {
  std::string user;
  std::string name;
  std::vector<std::string> scopes;
  double days = 0;
  std::string id;
};

int list(Context& context, const TokenOptions& options) {
  const auto id = user_id_of(context, options.user);
  if (!id) return context.fail(id.error());
  return print_list(context, context.get("/users/" + *id + "/tokens"),
                    {"NAME", "SCOPES", "EXPIRES", "LAST USED", "ID"},
                    {"name", "scopes", "expires_at", "last_used_at", "id"});
}

int create(Context& context, const TokenOptions& options) {
  const auto id = user_id_of(context, options.user);
  if (!id) return context.fail(id.error());
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("name", options.name).key("scopes").begin_array();
  for (const std::string& scope : options.scopes) w.value(scope);
  w.end_array();
  if (options.days > 0) {
    const auto lifetime = std::chrono::duration<double, std::ratio<86'400>>(options.days);
    w.field("expires_at", SystemClock().wall() + std::chrono::duration_cast<Micros>(lifetime));
  }
  w.end_object();
  const auto answer = context.post("/users/" + *id + "/tokens", body);
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  context.out() << text_of(*answer, "token") << "\n";
  context.err() << "This is the only time that the token is shown. Its id is "
                << text_of(*answer, "id") << ".\n";
  return 0;
}

int revoke(Context& context, const TokenOptions& options) {
  return print_done(context,
                    context.send(net::Method::del, "/auth/tokens/" + path_segment(options.id), ""),
                    "Revoked.");
}

}  // namespace

void add_token_command(CommandLine app, Action& action) {
  auto token = app.add_subcommand("token", "API tokens of users, for scripts and game servers");
  token.require_subcommand();
  auto options = std::make_shared<TokenOptions>();  // shared: the parser and the action use it
  auto list_command = token.add_subcommand("list", "A user's tokens");
  list_command.add_option("user", options->user, "Name of the user").required();
  list_command.callback([options, &action] {
    action = [options](Context& context) { return list(context, *options); };
  });
  auto create_command = token.add_subcommand("create", "Make a token; printed once, on stdout");
  create_command.add_option("user", options->user, "Whose it is").required();
  create_command.add_option("--name", options->name, "A label for people").required();
  create_command.add_option("--scope", options->scopes, "What it may do, such as samples:write")
      .required();
  create_command.add_option("--days", options->days, "Until it expires; absent: never")
      .range(1.0 / 86'400, kMaxDays);
  create_command.callback([options, &action] {
    action = [options](Context& context) { return create(context, *options); };
  });
  auto revoke_command = token.add_subcommand("revoke", "End a token at once");
  revoke_command.add_option("id", options->id, "Its id, from token list").required();
  revoke_command.callback([options, &action] {
    action = [options](Context& context) { return revoke(context, *options); };
  });
}

}  // namespace gk::cli
