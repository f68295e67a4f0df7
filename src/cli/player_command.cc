// gamekeeper player: what is kept about a player of a game, and its deletion.
#include <ostream>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/users.h"
#include "sys/files.h"

namespace gk::cli {
namespace {

int export_player(Context& context, const std::string& player, const std::string& file) {
  const auto answer = context.get("/players/" + path_segment(player) + "/export");
  if (!answer) return context.fail(answer.error());
  const std::string text = to_json(*answer) + "\n";
  if (file.empty()) {
    context.out() << text;
    return 0;
  }
  if (const auto written = sys::replace_file(file, text); !written) {
    return context.fail(written.error());
  }
  context.out() << "wrote " << file << "\n";
  return 0;
}

int erase_player(Context& context, const std::string& player, bool sure) {
  if (!sure) {
    return context.fail(
        {Errc::invalid_argument,
         "this cannot be undone; add --yes to delete all that is kept about " + player});
  }
  const auto answer = context.send(net::Method::del, "/players/" + path_segment(player), "");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  context.out() << "deleted in:";
  if (const JsonValue* erased = answer->find("erased"); erased != nullptr && erased->is_array()) {
    for (const JsonValue& name : erased->as_array()) context.out() << " " << name.as_string();
  }
  context.out() << "; the audit calls the player " << text_of(*answer, "pseudonym") << "\n";
  return 0;
}

}  // namespace

void add_player_command(CommandLine app, Action& action) {
  auto player = app.add_subcommand("player", "What is kept about a player of a game");
  player.require_subcommand();
  // Shared with the callbacks, which run after this function has returned.
  auto id = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  auto sure = std::make_shared<bool>(false);

  auto export_command = player.add_subcommand("export", "All of it, as JSON");
  export_command.add_option("PLAYER", *id, "As the game server names them").required();
  export_command.add_option("--output", *file, "Into this file (mode 0600)");
  export_command.callback([&action, id, file] {
    action = [id, file](Context& context) { return export_player(context, *id, *file); };
  });

  auto delete_command = player.add_subcommand("delete", "Delete all of it, in every room");
  delete_command.add_option("PLAYER", *id, "As the game server names them").required();
  delete_command.add_flag("--yes", *sure, "It cannot be undone");
  delete_command.callback([&action, id, sure] {
    action = [id, sure](Context& context) { return erase_player(context, *id, *sure); };
  });
}

}  // namespace gk::cli
