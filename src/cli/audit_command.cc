#include <ostream>

#include "cli/commands.h"
#include "cli/users.h"

namespace gk::cli {
namespace {

struct AuditOptions {
  int limit = 50;
  std::string actor, action, target, correlation, cursor;
  std::string seq, hash;
};

int list(Context& context, const AuditOptions& options) {
  std::string path = "/audit?limit=" + std::to_string(options.limit);
  const auto add = [&path](const char* name, const std::string& value) {
    if (!value.empty()) path += std::string("&") + name + "=" + path_segment(value);
  };
  add("actor", options.actor);
  add("action", options.action);
  add("target", options.target);
  add("correlation_id", options.correlation);
  add("cursor", options.cursor);
  return print_list(context, context.get(path), {"ROW", "AT", "WHO", "WHAT", "ON"},
                    {"seq", "at", "actor", "action", "target"});
}

int verify(Context& context, const AuditOptions& options) {
  std::string path = "/audit/verify";
  if (!options.seq.empty() || !options.hash.empty()) {
    path += "?seq=" + path_segment(options.seq) + "&hash=" + path_segment(options.hash);
  }
  const auto answer = context.get(path);
  if (!answer) return context.fail(answer.error());
  const JsonValue* sound = answer->find("sound");
  const bool good = sound != nullptr && sound->is_bool() && sound->as_bool();
  if (context.printed_json(*answer)) return good ? 0 : 1;
  if (good) {
    context.out() << "Sound: " << text_of(*answer, "rows") << " rows. The newest has the hash\n"
                  << text_of(*answer, "hash") << "\n";
  } else {
    context.out() << "NOT SOUND: " << text_of(*answer, "fault") << "\n";
  }
  return good ? 0 : 1;
}

}  // namespace

void add_audit_command(CommandLine app, Action& action) {
  auto audit = app.add_subcommand("audit", "Who changed what");
  audit.require_subcommand();
  auto options = std::make_shared<AuditOptions>();  // shared: the parser and the action use it
  auto list_command = audit.add_subcommand("list", "Changes, newest first");
  list_command.add_option("--limit", options->limit, "Rows, 1 to 1000").show_default();
  list_command.add_option("--actor", options->actor, "Only of this user");
  list_command.add_option("--action", options->action, "Only such as user, or user.create");
  list_command.add_option("--target", options->target, "Only of what has this id");
  list_command.add_option("--correlation", options->correlation, "Only of this request");
  list_command.add_option("--cursor", options->cursor, "Go on with older rows");
  list_command.callback([options, &action] {
    action = [options](Context& context) { return list(context, *options); };
  });
  auto verify_command = audit.add_subcommand(
      "verify", "Check that no row was changed, removed or inserted; ends with 1 when one was");
  verify_command.add_option("--seq", options->seq, "A row that was kept elsewhere …");
  verify_command.add_option("--hash", options->hash,
                            "… and its hash, from the log or an earlier "
                            "check");
  verify_command.callback([options, &action] {
    action = [options](Context& context) { return verify(context, *options); };
  });
}

}  // namespace gk::cli
