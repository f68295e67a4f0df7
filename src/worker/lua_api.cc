#include "worker/lua_api.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <lua.hpp>

#include "worker/lua_sandbox.h"

namespace gk::worker {
namespace {

constexpr int kMaxDepth = 16;                 // Source: chosen; the daemon's parser takes 32
constexpr std::size_t kMaxValue = 64 * 1024;  // Source: kMaxStateBytes of the daemon
constexpr const char* kTooLong = "at most 64 KiB are kept";
constexpr const char* kMixedKeys = "the keys of a kept table are texts, or 1, 2, 3 … without a gap";
constexpr int kMaxHandlers = 64;         // Source: chosen
constexpr lua_Integer kMaxLines = 256;   // Source: chosen; the oldest is lost
constexpr lua_Number kMaxSleep = 86400;  // Source: chosen, seconds

// Places in the registry, by the address of these.
const char kHandlers = 0, kLines = 0, kFind = 0;

std::uint32_t next_id() {
  static std::uint32_t id = 0;  // One script, one thread.
  return ++id;
}

void registry_table(lua_State* lua, const char* key) { lua_rawgetp(lua, LUA_REGISTRYINDEX, key); }

// ---- values

[[noreturn]] void refuse_value(lua_State* lua, OutFrame& frame, const char* why) {
  std::free(frame.data);
  luaL_error(lua, "%s", why);
  std::abort();  // luaL_error() does not return, but is not declared so.
}

// The same text may stand in a table a thousand times: what it would be on the way is bounded here.
void put_bounded(lua_State* lua, OutFrame& frame, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(lua, index, &size);
  if (size > kMaxValue) refuse_value(lua, frame, kTooLong);
  put_text(frame, text, size);
}

void put_value(lua_State* lua, OutFrame& frame, int index, int depth);

void put_array(lua_State* lua, OutFrame& frame, int index, std::uint32_t length, int depth) {
  std::uint32_t count = 0;
  for (lua_pushnil(lua); lua_next(lua, index) != 0; lua_pop(lua, 1)) ++count;
  if (count != length) refuse_value(lua, frame, kMixedKeys);
  put_byte(frame, 'a');
  put_number(frame, length);
  for (std::uint32_t i = 1; i <= length; ++i) {
    lua_rawgeti(lua, index, static_cast<lua_Integer>(i));
    put_value(lua, frame, -1, depth + 1);
    lua_pop(lua, 1);
  }
}

void put_object(lua_State* lua, OutFrame& frame, int index, int depth) {
  put_byte(frame, 'o');
  const std::size_t at = frame.size;
  std::uint32_t count = 0;
  put_number(frame, 0);
  for (lua_pushnil(lua); lua_next(lua, index) != 0; lua_pop(lua, 1), ++count) {
    if (lua_type(lua, -2) != LUA_TSTRING) refuse_value(lua, frame, kMixedKeys);
    put_bounded(lua, frame, -2);
    put_value(lua, frame, -1, depth + 1);
  }
  std::memcpy(frame.data + at, &count, sizeof count);
}

void put_value(lua_State* lua, OutFrame& frame, int index, int depth) {
  index = lua_absindex(lua, index);
  if (frame.size > kMaxValue) refuse_value(lua, frame, kTooLong);
  switch (lua_type(lua, index)) {
    case LUA_TNIL: return put_byte(frame, 'n');
    case LUA_TBOOLEAN: return put_byte(frame, lua_toboolean(lua, index) != 0 ? 't' : 'f');
    case LUA_TNUMBER: {
      const lua_Number number = lua_tonumber(lua, index);
      if (!std::isfinite(number)) refuse_value(lua, frame, "a number that is kept is finite");
      put_byte(frame, 'd');
      return put_double(frame, number);
    }
    case LUA_TSTRING: put_byte(frame, 's'); return put_bounded(lua, frame, index);
    case LUA_TTABLE: {
      if (depth >= kMaxDepth) refuse_value(lua, frame, "a kept table is too deep");
      if (lua_checkstack(lua, 4) == 0) refuse_value(lua, frame, "stack overflow");
      const auto length = static_cast<std::uint32_t>(lua_rawlen(lua, index));
      if (length > 0) return put_array(lua, frame, index, length, depth);
      return put_object(lua, frame, index, depth);
    }
    default: refuse_value(lua, frame, "only texts, numbers, booleans and tables can be kept");
  }
}

void push_value(lua_State* lua, InFrame& frame, int depth) {
  std::uint8_t tag = 0;
  const char* text = nullptr;
  std::size_t size = 0;
  double number = 0;
  std::uint32_t count = 0;
  luaL_checkstack(lua, 4, "value");
  if (depth > kMaxDepth * 2 || !take_byte(frame, tag)) luaL_error(lua, "a value cannot be read");
  switch (tag) {
    case 'n': return lua_pushnil(lua);
    case 't':
    case 'f': return lua_pushboolean(lua, tag == 't' ? 1 : 0);
    case 'd':
      if (!take_double(frame, number)) break;
      if (number == std::floor(number) && std::fabs(number) < 9e15) {
        return lua_pushinteger(lua, static_cast<lua_Integer>(number));
      }
      return lua_pushnumber(lua, number);
    case 's':
      if (!take_text(frame, text, size)) break;
      lua_pushlstring(lua, text, size);
      return;
    case 'a':
    case 'o':
      if (!take_number(frame, count)) break;
      lua_newtable(lua);
      for (std::uint32_t i = 1; i <= count; ++i) {
        if (tag == 'o') {
          if (!take_text(frame, text, size)) luaL_error(lua, "a value cannot be read");
          lua_pushlstring(lua, text, size);
        }
        push_value(lua, frame, depth + 1);
        if (tag == 'o') {
          lua_rawset(lua, -3);
        } else {
          lua_rawseti(lua, -2, static_cast<lua_Integer>(i));
        }
      }
      return;
    default: break;
  }
  luaL_error(lua, "a value cannot be read");
}

// ---- waiting

void keep_line(lua_State* lua, InFrame& frame) {
  const char* text = nullptr;
  std::size_t size = 0;
  if (!take_text(frame, text, size)) return;
  registry_table(lua, &kLines);
  const auto count = static_cast<lua_Integer>(lua_rawlen(lua, -1));
  if (count >= kMaxLines) {  // The oldest is lost.
    for (lua_Integer i = 1; i < count; ++i) {
      lua_rawgeti(lua, -1, i + 1);
      lua_rawseti(lua, -2, i);
    }
    lua_pushnil(lua);
    lua_rawseti(lua, -2, count);
  }
  lua_pushlstring(lua, text, size);
  lua_rawseti(lua, -2, static_cast<lua_Integer>(lua_rawlen(lua, -2)) + 1);
  lua_pop(lua, 1);
}

/// Waits for the answer `id` of `kind`; lines that come meanwhile are kept.
void wait_answer(lua_State* lua, FromDaemon kind, std::uint32_t id, InFrame& frame) {
  for (;;) {
    raise_if_interrupted(lua);
    if (receive_frame(frame, -1) != Received::frame) continue;
    if (frame.kind == FromDaemon::line) {
      keep_line(lua, frame);
      continue;
    }
    std::uint32_t answered = 0;
    if (frame.kind == kind && take_number(frame, answered) && answered == id) return;
  }
}

/// Takes the oldest kept line to the top of the stack. False: there is none.
bool next_line(lua_State* lua) {
  registry_table(lua, &kLines);
  const auto count = static_cast<lua_Integer>(lua_rawlen(lua, -1));
  if (count == 0) {
    lua_pop(lua, 1);
    return false;
  }
  lua_rawgeti(lua, -1, 1);
  for (lua_Integer i = 1; i < count; ++i) {
    lua_rawgeti(lua, -2, i + 1);
    lua_rawseti(lua, -3, i);
  }
  lua_pushnil(lua);
  lua_rawseti(lua, -3, count);
  lua_remove(lua, -2);
  return true;
}

int& handlers_running() {
  static int count = 0;  // One script, one thread.
  return count;
}

/// Calls the handlers whose pattern the line on the top of the stack matches, and takes it away.
void dispatch(lua_State* lua) {
  const int line = lua_gettop(lua);
  registry_table(lua, &kHandlers);
  const auto count = static_cast<lua_Integer>(lua_rawlen(lua, -1));
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_settop(lua, line + 1);
    luaL_checkstack(lua, 40, "handlers");
    lua_rawgeti(lua, line + 1, i);  // {pattern, function}
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &kFind);
    lua_pushvalue(lua, line);
    lua_rawgeti(lua, line + 2, 1);
    lua_call(lua, 2, LUA_MULTRET);  // string.find: from, to, captures
    if (lua_isnil(lua, line + 3)) continue;
    lua_rawgeti(lua, line + 2, 2);
    lua_insert(lua, line + 5);  // before the captures
    const int captures = lua_gettop(lua) - (line + 5);
    if (captures == 0) lua_pushvalue(lua, line);
    ++handlers_running();
    const int status = lua_pcall(lua, captures == 0 ? 1 : captures, 0, 0);
    --handlers_running();
    if (status != LUA_OK) (void)lua_error(lua);  // Not caught: only counted.
  }
  lua_settop(lua, line - 1);
}

/// Calls the handlers for the lines that came while an answer was awaited. Not inside a handler:
/// one that sends for each line would be called within itself, line for line.
void serve_kept(lua_State* lua) {
  if (handlers_running() > 0) return;
  registry_table(lua, &kLines);
  auto count = static_cast<lua_Integer>(lua_rawlen(lua, -1));
  lua_pop(lua, 1);
  // Those that come meanwhile wait, so that a chatty game does not keep the main part waiting.
  for (; count > 0 && next_line(lua); --count) dispatch(lua);
}

/// Serves lines until `deadline_s`; negative: for ever.
void serve_until(lua_State* lua, double deadline_s) {
  for (;;) {
    raise_if_interrupted(lua);
    if (next_line(lua)) {
      dispatch(lua);
      continue;
    }
    InFrame frame;
    const Received received = receive_frame(frame, deadline_s);
    if (received == Received::timeout) return;
    if (received == Received::frame && frame.kind == FromDaemon::line) keep_line(lua, frame);
  }
}

// ---- the functions

int say_or_send(lua_State* lua, bool chat) {
  std::size_t size = 0;
  const char* command = luaL_checklstring(lua, 1, &size);
  const lua_Number timeout = luaL_optnumber(lua, 2, 30);
  luaL_argcheck(lua, size > 0 && size <= 16'384, 1, "expected 1 to 16384 bytes");
  luaL_argcheck(lua, timeout > 0 && timeout <= 600, 2, "expected more than 0, at most 600 seconds");
  const std::uint32_t id = next_id();
  OutFrame frame = open_frame(ToDaemon::send);
  put_number(frame, id);
  put_byte(frame, chat ? 1 : 0);
  put_double(frame, timeout);
  put_text(frame, command, size);
  send_frame(frame);
  InFrame answer;
  wait_answer(lua, FromDaemon::reply, id, answer);
  std::uint8_t worked = 0;
  const char* text = nullptr;
  if (!take_byte(answer, worked) || !take_text(answer, text, size)) {
    return luaL_error(lua, "the answer cannot be read");
  }
  if (worked == 0) lua_pushnil(lua);
  lua_pushlstring(lua, text, size);
  serve_kept(lua);
  return worked == 0 ? 2 : 1;
}

int game_send(lua_State* lua) { return say_or_send(lua, false); }
int game_say(lua_State* lua) { return say_or_send(lua, true); }

int game_on(lua_State* lua) {
  luaL_checkstring(lua, 1);
  luaL_checktype(lua, 2, LUA_TFUNCTION);
  registry_table(lua, &kHandlers);
  const auto count = static_cast<lua_Integer>(lua_rawlen(lua, -1));
  if (count >= kMaxHandlers) return luaL_error(lua, "at most %d handlers", kMaxHandlers);
  lua_createtable(lua, 2, 0);
  lua_pushvalue(lua, 1);
  lua_rawseti(lua, -2, 1);
  lua_pushvalue(lua, 2);
  lua_rawseti(lua, -2, 2);
  lua_rawseti(lua, -2, count + 1);
  if (count == 0) {
    OutFrame frame = open_frame(ToDaemon::subscribe);
    send_frame(frame);
  }
  return 0;
}

int game_metrics(lua_State* lua) {
  const std::uint32_t id = next_id();
  OutFrame frame = open_frame(ToDaemon::metrics);
  put_number(frame, id);
  send_frame(frame);
  InFrame answer;
  wait_answer(lua, FromDaemon::metrics, id, answer);
  push_value(lua, answer, 0);
  serve_kept(lua);
  return 1;
}

int api_sleep(lua_State* lua) {
  const lua_Number seconds = luaL_checknumber(lua, 1);
  luaL_argcheck(lua, seconds >= 0 && seconds <= kMaxSleep, 1, "expected 0 to 86400 seconds");
  serve_until(lua, monotonic_s() + seconds);
  return 0;
}

int say_text(lua_State* lua, ToDaemon kind) {
  const int count = lua_gettop(lua) < 16 ? lua_gettop(lua) : 16;  // Before the buffer's own place.
  luaL_Buffer buffer;
  luaL_buffinit(lua, &buffer);
  for (int i = 1; i <= count; ++i) {
    if (i > 1) luaL_addchar(&buffer, '\t');
    luaL_tolstring(lua, i, nullptr);
    luaL_addvalue(&buffer);
  }
  luaL_pushresult(&buffer);
  std::size_t size = 0;
  const char* text = lua_tolstring(lua, -1, &size);
  OutFrame frame = open_frame(kind);
  put_text(frame, text, size < 4096 ? size : 4096);
  send_frame(frame);
  return 0;
}

int api_log(lua_State* lua) { return say_text(lua, ToDaemon::log); }
int api_notify(lua_State* lua) { return say_text(lua, ToDaemon::notify); }

const char* checked_key(lua_State* lua, std::size_t& size) {
  const char* key = luaL_checklstring(lua, 1, &size);
  luaL_argcheck(lua, size >= 1 && size <= 128, 1, "expected a key of 1 to 128 bytes");
  return key;
}

int state_get(lua_State* lua) {
  std::size_t size = 0;
  const char* key = checked_key(lua, size);
  const std::uint32_t id = next_id();
  OutFrame frame = open_frame(ToDaemon::state_get);
  put_number(frame, id);
  put_text(frame, key, size);
  send_frame(frame);
  InFrame answer;
  wait_answer(lua, FromDaemon::value, id, answer);
  std::uint8_t worked = 0;
  (void)take_byte(answer, worked);
  push_value(lua, answer, 0);
  return 1;
}

int state_set(lua_State* lua) {
  std::size_t size = 0;
  const char* key = checked_key(lua, size);
  lua_settop(lua, 2);
  const std::uint32_t id = next_id();
  OutFrame frame = open_frame(ToDaemon::state_set);
  put_number(frame, id);
  put_text(frame, key, size);
  put_value(lua, frame, 2, 0);
  send_frame(frame);
  InFrame answer;
  wait_answer(lua, FromDaemon::value, id, answer);
  std::uint8_t worked = 0;
  (void)take_byte(answer, worked);
  if (worked == 0) {
    push_value(lua, answer, 0);
    return lua_error(lua);
  }
  return 0;
}

void registry_new(lua_State* lua, const char* key) {
  lua_newtable(lua);
  lua_rawsetp(lua, LUA_REGISTRYINDEX, key);
}

}  // namespace

void open_api(lua_State* lua, InFrame args) {
  registry_new(lua, &kHandlers);
  registry_new(lua, &kLines);
  lua_getglobal(lua, LUA_STRLIBNAME);  // Before the script can change it.
  lua_getfield(lua, -1, "find");
  lua_rawsetp(lua, LUA_REGISTRYINDEX, &kFind);
  lua_pop(lua, 1);
  static const luaL_Reg kGame[] = {{"send", game_send},
                                   {"say", game_say},
                                   {"on", game_on},
                                   {"metrics", game_metrics},
                                   {nullptr, nullptr}};
  static const luaL_Reg kState[] = {{"get", state_get}, {"set", state_set}, {nullptr, nullptr}};
  luaL_newlib(lua, kGame);
  lua_setglobal(lua, "game");
  luaL_newlib(lua, kState);
  lua_setglobal(lua, "state");
  lua_register(lua, "sleep", api_sleep);
  lua_register(lua, "log", api_log);
  lua_register(lua, "print", api_log);
  lua_register(lua, "notify", api_notify);
  push_value(lua, args, 0);
  lua_setglobal(lua, "args");
}

void serve_handlers(lua_State* lua) {
  registry_table(lua, &kHandlers);
  const bool some = lua_rawlen(lua, -1) > 0;
  lua_pop(lua, 1);
  if (some) serve_until(lua, -1);
}

}  // namespace gk::worker
