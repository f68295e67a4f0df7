// lua_sandbox.h: a Lua that can compute and nothing else, and that can be told to stop wherever it
// is: in a loop, in a coroutine, in a close handler, behind a pcall.
//
// What it talks to the daemon with is lua_api.h; what the process may ask of Linux is
// syscall_filter.h.

#pragma once

#include <cstddef>

struct lua_State;

namespace gk::worker {

/// What all Lua values together may take. Source: macros specification, engine
inline constexpr std::size_t kLuaMemory = std::size_t{32} << 20;

/// What a test may weaken, to see that the test notices. All false outside tests.
struct Weakness {
  bool allow_gc = false;      ///< setmetatable takes __gc.
  bool allow_load = false;    ///< load and binary chunks.
  bool plain_resume = false;  ///< An interrupt does not reach coroutines.
  bool no_memory_cap = false;
};

/// A new sandbox; null when there is no memory. One a process: interrupts need one place to find
/// what runs.
lua_State* open_sandbox(const Weakness& weakness = {});

/// Compiles `source` (text, never bytecode) and leaves the function on the stack. False: the
/// message is there instead.
bool compile(lua_State* lua, const char* source, std::size_t size, const char* name);

/// Async-signal-safe: makes whatever runs raise an error that no pcall keeps.
void interrupt_sandbox();
/// After a signal: an interrupt was asked for.
bool interrupted();
/// Raises the interrupt's error when one was asked for. For functions that wait.
void raise_if_interrupted(lua_State* lua);

}  // namespace gk::worker
