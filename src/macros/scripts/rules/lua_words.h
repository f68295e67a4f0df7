// lua_words.h: what can be said of a Lua text without running it: whether it acts on a game. Its
// grammar is the worker's to check.

#pragma once

#include <string_view>

namespace gk::macros {

/// Whether the text uses `game` for more than `game.metrics`, which also answers without a game.
/// Comments, texts and fields of other tables (`args.game`, `{game = 1}`) do not count. A name that
/// is made at run time is not found, and a local variable `game` counts: `-- needs:` in the head
/// says better.
/// Cost: O(size).
bool lua_uses_game(std::string_view source);

}  // namespace gk::macros
