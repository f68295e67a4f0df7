// Which conversation belongs to which kind.
#include "games/link.h"
#include "games/rules/econ.h"
#include "games/rules/luanti.h"
#include "games/rules/mud.h"
#include "games/rules/openttd.h"
#include "games/rules/quake3.h"
#include "games/rules/source_rcon.h"
#include "games/rules/stdio.h"

namespace gk::games {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string replaced(std::string text, std::string_view place, std::string_view value) {
  for (std::size_t at = text.find(place); at != std::string::npos;
       at = text.find(place, at + value.size())) {
    text.replace(at, place.size(), value);
  }
  return text;
}

MudOptions mud_options(const GameSettings& game, const std::string& password) {
  MudOptions options{.failure = lines_of(game.option("failure")),
                     .sentinel = game.option("sentinel"),
                     .quiet = game.option_ms("quiet_ms")};
  for (const std::string& line : lines_of(game.option("login"))) {
    options.login.push_back(
        replaced(replaced(line, "{user}", game.option("user")), "{password}", password));
  }
  const std::string framing = game.option("framing");
  if (framing == "sentinel") options.framing = MudOptions::Framing::sentinel;
  if (framing == "quiet") options.framing = MudOptions::Framing::quiet;
  return options;
}

}  // namespace

std::unique_ptr<Conversation> make_conversation(const GameSettings& game,
                                                const std::string& password,
                                                const std::string& nonce) {
  if (game.kind == "teeworlds") return std::make_unique<EconConversation>(password, nonce);
  if (game.kind == "openttd") {
    return std::make_unique<OpenTtdConversation>(password, game.option("client_name"));
  }
  if (game.kind == "source") {
    return std::make_unique<SourceConversation>(password, game.in_flight > 1);
  }
  if (game.kind == "quake3") {
    return std::make_unique<Quake3Conversation>(password, nonce, game.option_ms("quiet_ms"));
  }
  if (game.kind == "luanti") return std::make_unique<LuantiConversation>(nonce);
  if (game.kind == "mud") {
    return std::make_unique<MudConversation>(mud_options(game, password), nonce);
  }
  StdioOptions options{.sentinel = game.option("sentinel"),
                       .quiet = game.option_ms("quiet_ms"),
                       .ready_line = game.option("ready_line")};
  return std::make_unique<StdioConversation>(std::move(options), nonce);
}

}  // namespace gk::games
