#include "macros/scripts/rules/lua_words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "testing/seeded_random.h"

namespace gk::macros {
namespace {

TEST(LuaUsesGame, FindsEveryWayToActOnIt) {
  EXPECT_TRUE(lua_uses_game("game.send('list')"));
  EXPECT_TRUE(lua_uses_game("sleep(1) game . say [[hi]]"));
  EXPECT_TRUE(lua_uses_game("game.on(\"*\", f)"));
  EXPECT_TRUE(lua_uses_game("game['send']('x')"));
  EXPECT_TRUE(lua_uses_game("local g = game\ng.send('x')"));
  EXPECT_TRUE(lua_uses_game("local t = {[[a]], game}"));
  EXPECT_TRUE(lua_uses_game("log('a\\'b') game.send('x') log('c')"));
  EXPECT_TRUE(lua_uses_game("--[==[ a ]] ]==] game.send('x')"));
  EXPECT_TRUE(lua_uses_game("if t[i]==game.metrics() or t[game] then end"));
  EXPECT_TRUE(lua_uses_game("log('it runs on '..game.say('x'))"));
}

TEST(LuaUsesGame, DoesNotTakeWordsForCode) {
  EXPECT_FALSE(lua_uses_game(""));
  EXPECT_FALSE(lua_uses_game("-- game.send('x')\nlog('game.send') -- game.on"));
  EXPECT_FALSE(lua_uses_game("--[[ game.send('x')\n game.say('y') ]] log([==[ game.on ]] ]==])"));
  EXPECT_FALSE(lua_uses_game("log(\"a\\\"game.send\") log('it\\'s game.send')"));
  EXPECT_FALSE(lua_uses_game("log(game.metrics().cpu_usage)"));
  EXPECT_FALSE(lua_uses_game("log(args.game, my_game.send, games)"));
  EXPECT_FALSE(lua_uses_game("local t = {game = 'chess'} log(t.game)"));
}

TEST(LuaUsesGame, EndsForEveryTextAndFindsTheCallBehindWholeOnes) {
  constexpr std::string_view kBytes = "game.[]=\"'\\\n- ax";
  SeededRandom random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::uint64_t n = random.below(30); n > 0; --n) {
      text += kBytes[static_cast<std::size_t>(random.below(kBytes.size()))];
    }
    (void)lua_uses_game(text);
    // In a long text, which it cannot close, it hides nothing that comes behind it.
    std::replace(text.begin(), text.end(), ']', 'x');
    const std::string hidden = "log([===[" + text + "]===])";
    EXPECT_FALSE(lua_uses_game(hidden)) << hidden;
    EXPECT_TRUE(lua_uses_game(hidden + " game.send('x')")) << hidden;
  }
}

}  // namespace
}  // namespace gk::macros
