#include "worker/lua_sandbox.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <lua.hpp>

namespace gk::worker {
namespace {

constexpr const char* kInterrupted = "interrupted";
constexpr int kHookMask = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;

// A signal handler must find them: one sandbox, one thread, one process.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
volatile std::sig_atomic_t stop_asked = 0;
lua_State* volatile running = nullptr;
std::size_t memory_used = 0;
std::size_t memory_limit = kLuaMemory;
Weakness weak;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

void* allocate(void*, void* old, std::size_t old_size, std::size_t size) {
  const std::size_t before = old == nullptr ? 0 : old_size;  // Else old_size is a type.
  if (size == 0) {
    std::free(old);
    memory_used -= before;
    return nullptr;
  }
  if (size > before && size - before > memory_limit - memory_used) return nullptr;
  void* data = std::realloc(old, size);
  if (data != nullptr) memory_used = memory_used - before + size;
  return data;
}

void stop_hook(lua_State* lua, lua_Debug*) { raise_if_interrupted(lua); }

// The thread that runs from now on; a hook that was set meanwhile follows it.
void set_running(lua_State* lua) {
  running = lua;
  if (stop_asked != 0) lua_sethook(lua, stop_hook, kHookMask, 1);
}

// ---- pcall and coroutines, which let an interrupt through

int finish_pcall(lua_State* lua, int status, lua_KContext) {
  raise_if_interrupted(lua);
  const bool worked = status == LUA_OK || status == LUA_YIELD;
  if (worked) return lua_gettop(lua);  // true and the results
  lua_pushboolean(lua, 0);
  lua_insert(lua, -2);
  return 2;
}

int sandbox_pcall(lua_State* lua) {
  luaL_checkany(lua, 1);
  lua_pushboolean(lua, 1);
  lua_insert(lua, 1);  // true, function, arguments
  return finish_pcall(lua, lua_pcallk(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0, 0, finish_pcall),
                      0);
}

lua_State* coroutine_at(lua_State* lua, int index) {
  lua_State* co = lua_tothread(lua, index);
  luaL_argexpected(lua, co != nullptr, index, "coroutine");
  return co;
}

/// Runs `co` with `count` values from the top. Returns how many it left on the top of `lua`, or -1
/// with its error there.
int resume(lua_State* lua, lua_State* co, int count) {
  if (!lua_checkstack(co, count)) {
    lua_pushliteral(lua, "too many arguments to resume");
    return -1;
  }
  lua_xmove(lua, co, count);
  int results = 0;
  if (!weak.plain_resume) set_running(co);
  const int status = lua_resume(co, lua, count, &results);
  if (!weak.plain_resume) set_running(lua);
  if (status == LUA_OK || status == LUA_YIELD) {
    if (!lua_checkstack(lua, results + 1)) {
      lua_pop(co, results);
      lua_pushliteral(lua, "too many results to resume");
      return -1;
    }
    lua_xmove(co, lua, results);
    if (!weak.plain_resume) raise_if_interrupted(lua);
    return results;
  }
  lua_xmove(co, lua, 1);
  if (!weak.plain_resume) raise_if_interrupted(lua);
  return -1;
}

int coroutine_create(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TFUNCTION);
  lua_State* co = lua_newthread(lua);
  lua_pushvalue(lua, 1);
  lua_xmove(lua, co, 1);
  return 1;
}

int coroutine_resume(lua_State* lua) {
  lua_State* co = coroutine_at(lua, 1);
  const int results = resume(lua, co, lua_gettop(lua) - 1);
  lua_pushboolean(lua, results >= 0 ? 1 : 0);
  const int count = results >= 0 ? results : 1;
  lua_insert(lua, -(count + 1));
  return count + 1;
}

int close_coroutine(lua_State* lua, lua_State* co) {
  if (!weak.plain_resume) set_running(co);  // Its close handlers run now.
  const int status = lua_resetthread(co);
  if (!weak.plain_resume) set_running(lua);
  return status;
}

int wrapped(lua_State* lua) {
  lua_State* co = lua_tothread(lua, lua_upvalueindex(1));
  const int results = resume(lua, co, lua_gettop(lua));
  if (results >= 0) return results;
  if (lua_status(co) != LUA_OK && lua_status(co) != LUA_YIELD) {
    (void)close_coroutine(lua, co);
    raise_if_interrupted(lua);
  }
  return lua_error(lua);
}

int coroutine_wrap(lua_State* lua) {
  coroutine_create(lua);
  lua_pushcclosure(lua, wrapped, 1);
  return 1;
}

/// Closing one that has calls open, its own or of those that it resumed, would free them under its
/// feet. One that ended with an error keeps its calls for tracebacks; nothing returns to them.
bool may_close(lua_State* lua, lua_State* co) {
  lua_Debug call;
  if (co == lua) return false;
  return lua_status(co) != LUA_OK || lua_getstack(co, 0, &call) == 0;
}

int coroutine_close(lua_State* lua) {
  lua_State* co = coroutine_at(lua, 1);
  if (!may_close(lua, co)) return luaL_error(lua, "cannot close a running or waiting coroutine");
  const int status = close_coroutine(lua, co);
  raise_if_interrupted(lua);
  lua_pushboolean(lua, status == LUA_OK ? 1 : 0);
  if (status == LUA_OK) return 1;
  lua_xmove(co, lua, 1);
  return 2;
}

int sandbox_setmetatable(lua_State* lua) {
  const int type = lua_type(lua, 2);
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_argexpected(lua, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
  if (luaL_getmetafield(lua, 1, "__metatable") != LUA_TNIL) {
    return luaL_error(lua, "cannot change a protected metatable");
  }
  if (type == LUA_TTABLE && !weak.allow_gc) {
    lua_pushliteral(lua, "__gc");
    if (lua_rawget(lua, 2) != LUA_TNIL) return luaL_error(lua, "__gc is not allowed in a macro");
  }
  lua_settop(lua, 2);
  lua_setmetatable(lua, 1);
  return 1;
}

void remove_names(lua_State* lua, const char* const* names) {
  for (; *names != nullptr; ++names) {
    lua_pushnil(lua);
    lua_setfield(lua, -2, *names);
  }
}

int open_all(lua_State* lua) {
  luaL_requiref(lua, LUA_GNAME, luaopen_base, 1);
  static const char* const kNoBase[] = {"dofile", "loadfile", "collectgarbage", "xpcall",
                                        "warn",   "print",    "load",           nullptr};
  static const char* const kNoBaseButLoad[] = {"dofile", "loadfile", "collectgarbage", "xpcall",
                                               "warn",   "print",    nullptr};
  remove_names(lua, weak.allow_load ? kNoBaseButLoad : kNoBase);
  lua_pushcfunction(lua, sandbox_pcall);
  lua_setfield(lua, -2, "pcall");
  lua_pushcfunction(lua, sandbox_setmetatable);
  lua_setfield(lua, -2, "setmetatable");
  luaL_requiref(lua, LUA_STRLIBNAME, luaopen_string, 1);
  static const char* const kNoString[] = {"dump", nullptr};
  if (!weak.allow_load) remove_names(lua, kNoString);
  luaL_requiref(lua, LUA_TABLIBNAME, luaopen_table, 1);
  luaL_requiref(lua, LUA_MATHLIBNAME, luaopen_math, 1);
  luaL_requiref(lua, LUA_UTF8LIBNAME, luaopen_utf8, 1);
  luaL_requiref(lua, LUA_COLIBNAME, luaopen_coroutine, 1);
  static const luaL_Reg kCoroutine[] = {{"create", coroutine_create},
                                        {"resume", coroutine_resume},
                                        {"wrap", coroutine_wrap},
                                        {"close", coroutine_close},
                                        {nullptr, nullptr}};
  luaL_setfuncs(lua, kCoroutine, 0);
  lua_settop(lua, 0);
  return 0;
}

}  // namespace

lua_State* open_sandbox(const Weakness& weakness) {
  weak = weakness;
  stop_asked = 0;
  memory_used = 0;
  memory_limit = weakness.no_memory_cap ? ~std::size_t{0} / 2 : kLuaMemory;
  lua_State* lua = lua_newstate(allocate, nullptr);
  if (lua == nullptr) return nullptr;
  lua_pushcfunction(lua, open_all);
  if (lua_pcall(lua, 0, 0, 0) != LUA_OK) {
    lua_close(lua);
    return nullptr;
  }
  running = lua;
  return lua;
}

bool compile(lua_State* lua, const char* source, std::size_t size, const char* name) {
  return luaL_loadbufferx(lua, source, size, name, weak.allow_load ? "bt" : "t") == LUA_OK;
}

void interrupt_sandbox() {
  stop_asked = 1;
  // lua_sethook() is made to be called from a signal handler.
  if (lua_State* lua = running; lua != nullptr) lua_sethook(lua, stop_hook, kHookMask, 1);
}

bool interrupted() { return stop_asked != 0; }

void raise_if_interrupted(lua_State* lua) {
  if (stop_asked == 0) return;
  lua_sethook(lua, stop_hook, kHookMask, 1);  // Handlers that run on the way out are stopped too.
  lua_pushstring(lua, kInterrupted);
  lua_error(lua);
}

}  // namespace gk::worker
