// game_settings.h: what an operator says of one game: where it is, how fast, who may.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "gamekeeper/time.h"
#include "games/rules/game_kind.h"

namespace gk {
class JsonWriter;
}

namespace gk::games {

/// Complaints about a body: path and message.
using Complaints = std::vector<std::pair<std::string, std::string>>;

/// Ranges: read_settings(). The password is not here: it is stored sealed and never shown.
struct GameSettings {
  std::string name;  ///< [a-z0-9_-]{1,64}
  std::string kind;  ///< Of game_kinds().
  std::string host = "127.0.0.1";
  std::int64_t port = 0;
  bool enabled = true;                         ///< Connect by itself.
  std::map<std::string, std::string> options;  ///< Of the kind.
  double rate_per_s = 0;
  std::int64_t burst = 0;
  bool adaptive_pace = true;  ///< Slower while the game is behind its clock.
  std::int64_t in_flight = 0;
  std::int64_t reply_timeout_ms = 10'000;
  std::int64_t output_limit = 65'536;  ///< Bytes of one reply.
  std::vector<std::string> allow;      ///< Empty: every command.
  std::vector<std::string> dangerous;
  std::vector<std::string> queries;  ///< Change nothing: these may fill the places of in_flight.
  std::vector<std::string> users, roles;  ///< Who may send besides admins. Both empty: everybody.

  const GameKind& kind_of() const { return *find_kind(kind); }
  /// The option, or its fallback.
  std::string option(std::string_view name) const;
  Nanos option_ms(std::string_view name) const;
  /// How it talks to all players: a command with {text} in it, once.
  std::string say_words() const;
  friend bool operator==(const GameSettings&, const GameSettings&) = default;
};

/// Members that are absent keep the value of `base`; a new game (base.kind empty) gets the kind's
/// defaults. `password` is read apart. Complaints name what was expected.
GameSettings read_settings(const JsonValue& body, const std::string& name, const GameSettings& base,
                           Complaints& complaints);
/// The members of one object, without its braces.
void write_settings(JsonWriter& w, const GameSettings& settings);
std::string settings_json(const GameSettings& settings);

bool is_game_name(std::string_view name);

}  // namespace gk::games
