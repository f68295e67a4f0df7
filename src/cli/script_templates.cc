#include "cli/script_templates.h"

namespace gk::cli {
namespace {

constexpr const char* kSteps = R"({
  "comment": "A macro as a list of steps. Members called comment are for you; see gamekeeper macro check.",
  "name": "NAME",
  "description": "Counts down in front of the players",
  "version": "1",
  "category": "social",
  "tags": ["example"],

  "variables": {"what": "A test", "seconds": 3},
  "settings": {
    "comment": "say: how this game talks to its players. OpenTTD wants say \"${text}\".",
    "say": "say ${text}"
  },

  "actions": [
    {"comment": "Arguments of a start take the place of variables: --args '{\"what\": \"Lunch\"}'",
     "type": "say", "command": "${what} begins soon"},
    {"type": "loop", "parameters": {"count": 3, "as": "left", "down": true, "actions": [
      {"type": "say", "command": "${what} in ${left}"},
      {"type": "pause", "parameters": {"seconds": 1}}]}},
    {"comment": "A step whose condition is not true is skipped. A signal may be unknown: then too.",
     "type": "say", "command": "The server is slow", "condition": "tick_ratio < 0.8",
     "parameters": {"to": "operators"}},
    {"type": "say", "command": "${what} begins now"}
  ],

  "on_cancel": [{"type": "say", "command": "The announcement was called off"}]
}
)";

constexpr const char* kLua = R"(-- name: NAME
-- description: Counts down in front of the players
-- version: 1
-- category: social
-- on_cancel: say The announcement was called off

-- What a macro can do: game.send(command), game.on(pattern, f), game.metrics(), sleep(seconds),
-- log(text), notify(text), state.get(key), state.set(key, value), args. There are no files, no
-- network and no other programs here.

local what = args.what or "A test"

game.send("say " .. what .. " begins soon")
for left = 3, 1, -1 do
  game.send("say " .. what .. " in " .. left)
  sleep(1)
end

-- A value that is not known is nil.
local tick = game.metrics().tick_ratio
if tick and tick < 0.8 then
  notify("The server is slow: tick ratio " .. tick)
end

state.set("runs", (state.get("runs") or 0) + 1)
log("run number " .. state.get("runs"))
game.send("say " .. what .. " begins now")
)";

std::string named(std::string text, const std::string& name) {
  text.replace(text.find("NAME"), 4, name);
  return text;
}

}  // namespace

std::string steps_template(const std::string& name) { return named(kSteps, name); }
std::string lua_template(const std::string& name) { return named(kLua, name); }

}  // namespace gk::cli
