// The Lua macros of examples/macros, played in virtual time against a game that a test describes.
// The interpreter here is the test's own: what a worker confines is not the subject, what the
// macros do is.
#include <gtest/gtest.h>
#include <lua5.4/lua.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sys/files.h"

namespace gk::macros {
namespace {

using Sent = std::vector<std::string>;

/// A game, and the functions of docs/macro-library.md for one macro.
class LuaPlay {
 public:
  std::function<std::string(const std::string&)> game = [](const std::string&) {
    return std::string();
  };
  std::function<std::optional<double>(double now)> tick = [](double) { return std::nullopt; };
  Sent sent, told, logged;
  double now = 0;

  /// "" or the error. `args` is Lua, such as {rounds = 3}.
  std::string run(const std::string& file, const std::string& args) {
    lua_.reset(luaL_newstate());
    lua_State* l = lua_.get();
    luaL_openlibs(l);
    *static_cast<LuaPlay**>(lua_getextraspace(l)) = this;
    lua_register(l, "send", [](lua_State* s) { return me(s).on_send(s); });
    lua_register(l, "tick", [](lua_State* s) { return me(s).on_tick(s); });
    lua_register(l, "sleep", [](lua_State* s) {
      me(s).now += luaL_checknumber(s, 1);
      return 0;
    });
    lua_register(l, "notify", [](lua_State* s) {
      me(s).told.emplace_back(luaL_checkstring(s, 1));
      return 0;
    });
    lua_register(l, "log", [](lua_State* s) {
      me(s).logged.emplace_back(luaL_checkstring(s, 1));
      return 0;
    });
    const std::string source =
        "game = {send = send, metrics = function() return {tick_ratio = tick()} end}\n"
        "local kept = {}\n"
        "state = {get = function(k) return kept[k] end, set = function(k, v) kept[k] = v end}\n"
        "args = " +
        args + "\nio, os, require, load, dofile, loadfile, debug = nil\n" +
        sys::read_file(std::string(GK_EXAMPLES) + "/macros/" + file, 256 * 1024).value();
    if (luaL_dostring(l, source.c_str()) == LUA_OK) return "";
    return lua_tostring(l, -1);
  }

 private:
  static LuaPlay& me(lua_State* l) { return **static_cast<LuaPlay**>(lua_getextraspace(l)); }
  int on_send(lua_State* l) {
    sent.emplace_back(luaL_checkstring(l, 1));
    lua_pushstring(l, game(sent.back()).c_str());
    return 1;
  }
  int on_tick(lua_State* l) {
    const auto value = tick(now);
    value ? lua_pushnumber(l, *value) : lua_pushnil(l);
    return 1;
  }
  struct Close {
    void operator()(lua_State* l) const { lua_close(l); }
  };
  std::unique_ptr<lua_State, Close> lua_;
};

TEST(LuaExamples, CleanUpWarnsAndRemovesWhenTheTickRateStaysLow) {
  LuaPlay play;
  play.tick = [](double now) { return now < 100 || now > 200 ? 1.0 : 0.5; };
  play.game = [](const std::string&) { return std::string("12 objects"); };
  EXPECT_EQ(play.run("cleanup.lua", "{rounds = 30}"), "");
  EXPECT_EQ(play.sent,
            (Sent{"say The server is slow: loose objects go in 30 s", "clearobjects quick"}));
  EXPECT_EQ(play.logged, Sent{"removed: 12 objects"});
  EXPECT_EQ(play.told, Sent{"Clean-up number 1 at tick ratio 0.5"});
}

TEST(LuaExamples, CleanUpLeavesAServerAloneThatRecoversOrIsNotKnown) {
  LuaPlay recovers;
  recovers.tick = [](double now) { return now < 15 ? 0.5 : 1.0; };
  EXPECT_EQ(recovers.run("cleanup.lua", "{rounds = 20}"), "");
  EXPECT_EQ(recovers.sent, (Sent{"say The server is slow: loose objects go in 30 s",
                                 "say The server has recovered: nothing goes"}));
  LuaPlay unknown;
  EXPECT_EQ(unknown.run("cleanup.lua", "{rounds = 50}"), "");
  EXPECT_TRUE(unknown.sent.empty());
  LuaPlay flickers;  // Never three times running.
  flickers.tick = [n = 0](double) mutable { return ++n % 3 == 0 ? 1.0 : 0.5; };
  EXPECT_EQ(flickers.run("cleanup.lua", "{rounds = 50}"), "");
  EXPECT_TRUE(flickers.sent.empty());
}

TEST(LuaExamples, CompanyGuardTellsEachOnceAndObeysNoName) {
  LuaPlay play;
  play.game = [](const std::string& command) {
    if (command != "companies") return std::string();
    return std::string(
        "#:1(Blue) Company Name: 'Ada Transport'  Year Founded: 1950  Money: 99000  Loan: 100000  "
        "Value: 1  (T:0, R:0, P:0, S:0) unprotected\n"
        "#:2(Red) Company Name: 'x\"; quit'  Year Founded: 1950  Money: 10  Loan: 300000  "
        "Value: 1  (T:0, R:0, P:0, S:0) unprotected\n"
        "#:3(Pink) Company Name: 'Safe'  Year Founded: 1950  Money: 10  Loan: 10  Value: 1  "
        "(T:0, R:0, P:0, S:0) protected\n");
  };
  EXPECT_EQ(play.run("company_guard.lua", "{rounds = 5}"), "");
  EXPECT_EQ(play.sent, (Sent{"companies",
                             "say \"Ada Transport has no password: anybody can join and sell it\"",
                             "say \"x__ quit has no password: anybody can join and sell it\"",
                             "companies", "companies", "companies", "companies"}));
  EXPECT_EQ(play.told, Sent{"x__ quit owes 299990"});
}

}  // namespace
}  // namespace gk::macros
