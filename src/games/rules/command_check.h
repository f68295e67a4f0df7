// command_check.h: may this text be sent to that game?
//
// The first line of defence against one command becoming two: a byte that the protocol would read
// as an end, or a name that is written another way. The list of dangerous commands guards against
// slips; who must be kept from a command gets an allow-list.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"
#include "games/rules/game_settings.h"

namespace gk::games {

/// Errors: invalid_argument (empty, too long, control character, separator, not UTF-8),
///         permission_denied (not on the allow-list), failed_precondition (dangerous, and not
///         confirmed).
Result<void> check_command(const GameSettings& game, std::string_view command, bool confirmed);

/// The command's name as lists have it: first word, lower case, without quotes and leading slash.
std::string command_name(std::string_view command);

/// True when `entry` covers `command`: the same words at its start, in any case; a "*" at the end
/// of the last word stands for the rest of that word.
bool covers(std::string_view entry, std::string_view command);

/// What a command can do to its game: of those that may change it, one is unanswered at a time.
enum class Effect : std::uint8_t { none, change };
/// None: the game's list of queries covers it.
Effect effect_of(const GameSettings& game, std::string_view command);

/// Whether the command talks to players.
bool is_chat(const GameKind& kind, std::string_view command);

}  // namespace gk::games
