// game_kind.h: the kinds of game servers that can be linked: their settings, defaults and words.
//
// One table for the validation of settings, the forms of the console and docs/games.md.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gk::games {

enum class Transport : std::uint8_t { tcp, udp, process, world };

/// One option of a kind, as text in GameSettings::options.
struct KindOption {
  enum class Type : std::uint8_t { text, lines, milliseconds, path, words };
  std::string_view name;
  Type type = Type::text;
  std::string_view fallback;
  std::string_view description;
};

/// What is known of a kind of server. Source of the paces: docs/games.md, measured on real servers.
struct GameKind {
  std::string_view name, title;
  Transport transport = Transport::tcp;
  std::uint16_t port = 0;  ///< Usual; 0: needs none, or has no usual one.
  bool has_password = false;
  double rate_per_s = 20;  ///< Commands.
  std::int64_t burst = 10;
  std::int64_t in_flight = 1;  ///< Commands written and not answered yet; of these one may change
                               ///< the game, the others are queries.
  std::int64_t max_in_flight = 1;
  std::size_t max_command = 1000;  ///< Bytes.
  std::string_view separators;     ///< Bytes besides control characters that end a command.
  std::span<const std::string_view> reserved;   ///< The link's own: they would move its framing.
  std::span<const std::string_view> dangerous;  ///< Commands that need a confirmation.
  std::span<const std::string_view> chat;       ///< Commands that talk to players.
  std::string_view say = "say {text}";          ///< Talks to all players; an option `say` wins.
  std::span<const std::string_view> queries;    ///< Commands that change nothing.
  std::span<const KindOption> options;
};

std::span<const GameKind> game_kinds();
/// Null: unknown.
const GameKind* find_kind(std::string_view name);

}  // namespace gk::games
