// lua_api.h: what a script sees of the world: game, sleep, log, notify, state, args. Every word of
// it is a frame to the daemon, which decides. docs/scripting.md is the reference for authors.

#pragma once

#include "worker/lua_channel.h"

struct lua_State;

namespace gk::worker {

/// Adds the functions to the sandbox. `args`: an encoded value, see lua_protocol.h.
/// Raises a Lua error when `args` cannot be read.
void open_api(lua_State* lua, InFrame args);

/// After the main part: serves lines for ever when the script has handlers.
void serve_handlers(lua_State* lua);

}  // namespace gk::worker
