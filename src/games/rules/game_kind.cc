#include "games/rules/game_kind.h"

#include <algorithm>
#include <array>

namespace gk::games {
namespace {

using Type = KindOption::Type;
using Words = std::string_view[];

constexpr std::string_view kEconDangerous[] = {
    "shutdown",         "exit", "quit",      "exec",  "logfile", "ec_password",
    "sv_rcon_password", "ban",  "unban_all", "logout"};
constexpr std::string_view kEconChat[] = {"say", "broadcast"};
constexpr std::string_view kEconQueries[] = {"echo", "status"};
constexpr std::string_view kTtdDangerous[] = {
    "quit",          "exit",    "restart",   "reload",         "newgame",  "load",
    "exec",          "script",  "ban",       "reset",          "scenario", "stop_ai",
    "reset_company", "rcon_pw", "server_pw", "setting_newgame"};
constexpr std::string_view kTtdChat[] = {"say", "say_client", "say_company"};
constexpr std::string_view kTtdQueries[] = {"list_*",  "getdate", "getsysdate", "companies",
                                            "clients", "status",  "server_info"};
constexpr std::string_view kSourceDangerous[] = {
    "stop", "quit",          "exit",     "exec",        "killserver", "_restart",
    "op",   "deop",          "ban",      "ban-ip",      "banid",      "changelevel",
    "map",  "rcon_password", "save-off", "sv_password", "restart"};
constexpr std::string_view kSourceChat[] = {"say", "tell", "msg", "me", "tellraw", "w"};
constexpr std::string_view kSourceQueries[] = {"list", "status", "stats"};
constexpr std::string_view kQuakeDangerous[] = {"quit",        "killserver",  "exec",
                                                "map",         "devmap",      "rconpassword",
                                                "map_restart", "writeconfig", "vstr"};
constexpr std::string_view kQuakeChat[] = {"say", "tell"};
constexpr std::string_view kMudReserved[] = {"outputprefix", "outputsuffix"};
constexpr std::string_view kMudDangerous[] = {
    "@shutdown", "@restart", "@dump",  "@readcache", "@toad",        "@destroy", "@nuke",
    "@chownall", "quit",     "logout", "@boot",      "@newpassword", "@disable"};
constexpr std::string_view kMudChat[] = {"say",     "\"",    "pose",  ":",     "page",
                                         "whisper", "@wall", "@emit", "@pemit"};
constexpr std::string_view kLuantiDangerous[] = {
    "shutdown", "clearobjects", "ban", "deleteblocks", "grant", "revoke", "rollback"};
constexpr std::string_view kLuantiChat[] = {"say", "msg", "me"};

constexpr KindOption kTtdOptions[] = {
    {"client_name", Type::text, "gamekeeper", "Name that the server shows"},
    {"day_ms", Type::milliseconds, "2220", "A day of the game at full speed"}};
constexpr KindOption kQuakeOptions[] = {
    {"quiet_ms", Type::milliseconds, "200", "An answer ends when nothing came for so long"}};
constexpr std::string_view kSay = "say {text}";
// One argument, whatever is in it. Source: tests/e2e/script_games_test.py, on real servers
constexpr std::string_view kSayQuoted = "say \"{text}\"";
constexpr KindOption kMudOptions[] = {
    {"say", Type::words, kSay, "How it talks to players, such as @wall {text}"},
    {"login", Type::lines, "connect {user} {password}", "Lines that log in"},
    {"user", Type::text, "", "Replaces {user}"},
    {"framing", Type::text, "suffix",
     "End of an answer: suffix (OUTPUTPREFIX and OUTPUTSUFFIX of MUSH and MUX), sentinel, quiet"},
    {"sentinel", Type::text, "think {nonce}", "Command whose output ends an answer"},
    {"quiet_ms", Type::milliseconds, "200", "An answer ends when nothing came for so long"},
    {"failure", Type::lines,
     "Either that player does not exist, or has a different password\nInvalid password\n"
     "Login incorrect\nWrong password",
     "Text that means a refused log-in"}};
constexpr KindOption kStdioOptions[] = {
    {"say", Type::words, kSay, "How it talks to players"},
    {"program", Type::path, "", "Absolute path of the program"},
    {"arguments", Type::lines, "", "Its arguments, one a line"},
    {"directory", Type::path, "/", "Where it starts"},
    {"sentinel", Type::text, "", "Command whose output ends an answer, with {nonce}"},
    {"quiet_ms", Type::milliseconds, "200", "An answer ends when nothing came for so long"},
    {"ready_line", Type::text, "", "Part of the line after which it takes commands"}};
constexpr KindOption kLuantiOptions[] = {
    {"world", Type::path, "", "World folder that has the mod gamekeeper_link"},
    {"nominal_step_ms", Type::milliseconds, "90", "A server step without load"}};

// Paces. Teeworlds answered 400 lines in 47 ms; OpenTTD's clock stays whole at 200/s and stops at
// 500/s; TinyMUX gives 1/s after a bucket of about 100, of which the log-in takes some.
// Source: docs/games.md, 2026-11. Others: chosen, careful.
constexpr std::array kKinds{GameKind{.name = "teeworlds",
                                     .title = "Teeworlds / DDNet (econ)",
                                     .port = 8303,
                                     .has_password = true,
                                     .rate_per_s = 100,
                                     .burst = 20,
                                     .max_in_flight = 32,
                                     .max_command = 500,
                                     .separators = ";",
                                     .dangerous = kEconDangerous,
                                     .chat = kEconChat,
                                     .say = kSayQuoted,
                                     .queries = kEconQueries},
                            GameKind{.name = "openttd",
                                     .title = "OpenTTD (admin port)",
                                     .port = 3977,
                                     .has_password = true,
                                     .rate_per_s = 120,
                                     .burst = 8,
                                     .in_flight = 8,
                                     .max_in_flight = 32,
                                     .max_command = 500,
                                     .dangerous = kTtdDangerous,
                                     .chat = kTtdChat,
                                     .say = kSayQuoted,
                                     .queries = kTtdQueries,
                                     .options = kTtdOptions},
                            GameKind{.name = "source",
                                     .title = "Source RCON (Source, Minecraft, Factorio)",
                                     .port = 27015,
                                     .has_password = true,
                                     .rate_per_s = 20,
                                     .burst = 10,
                                     .max_in_flight = 8,
                                     .max_command = 1400,
                                     .separators = ";",
                                     .dangerous = kSourceDangerous,
                                     .chat = kSourceChat,
                                     .queries = kSourceQueries},
                            GameKind{.name = "quake3",
                                     .title = "Quake 3 rcon (UDP)",
                                     .transport = Transport::udp,
                                     .port = 27960,
                                     .has_password = true,
                                     .rate_per_s = 1,
                                     .burst = 5,
                                     .max_command = 900,
                                     .separators = ";",
                                     .dangerous = kQuakeDangerous,
                                     .chat = kQuakeChat,
                                     .options = kQuakeOptions},
                            GameKind{.name = "mud",
                                     .title = "MUD, MUSH or other telnet game",
                                     .has_password = true,
                                     .rate_per_s = 1,
                                     .burst = 40,
                                     .max_command = 4000,
                                     .reserved = kMudReserved,
                                     .dangerous = kMudDangerous,
                                     .chat = kMudChat,
                                     .options = kMudOptions},
                            GameKind{.name = "stdio",
                                     .title = "Program with standard input and output",
                                     .transport = Transport::process,
                                     .max_command = 4000,
                                     .options = kStdioOptions},
                            GameKind{.name = "luanti",
                                     .title = "Luanti (Minetest) through a world mod",
                                     .transport = Transport::world,
                                     .rate_per_s = 10,
                                     .burst = 10,
                                     .max_command = 500,
                                     .dangerous = kLuantiDangerous,
                                     .chat = kLuantiChat,
                                     .options = kLuantiOptions}};

}  // namespace

std::span<const GameKind> game_kinds() { return kKinds; }

const GameKind* find_kind(std::string_view name) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const GameKind& kind) { return kind.name == name; });
  return found == kKinds.end() ? nullptr : &*found;
}

}  // namespace gk::games
