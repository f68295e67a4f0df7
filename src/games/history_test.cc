#include "games/history.h"

#include <gtest/gtest.h>

namespace gk::games {
namespace {

TEST(History, KeepsTheNewestAndCountsOn) {
  History history;
  for (int i = 0; i < 501; ++i) history.add("g", HistoryKind::line, WallTime(), "", "x");
  EXPECT_EQ(history.entries().size(), History::kEntries);
  EXPECT_EQ(history.entries().front().seq, 2U);
  EXPECT_EQ(history.entries().back().seq, 501U);
}
TEST(History, CutsLongTextBetweenCharacters) {
  History history;
  const std::string text = std::string(History::kMaxText - 1, 'x') + "ä";
  EXPECT_EQ(history.add("g", HistoryKind::reply, WallTime(), "", text).text,
            std::string(History::kMaxText - 1, 'x') + "…");
}
TEST(Completions, OffersUsedBeforeKnown) {
  Completions words;
  words.add_known("say_client");
  words.add_known("save");
  words.add_used("save now");
  words.add_used("say hi");
  words.add_used("save now");
  EXPECT_EQ(words.matching("sa"),
            (std::vector<std::string>{"save now", "say hi", "save", "say_client"}));
  EXPECT_TRUE(words.matching("x").empty());
}
TEST(Completions, ForgetsTheOldest) {
  Completions words;
  for (std::size_t i = 0; i <= Completions::kUsed; ++i)
    words.add_used("c" + std::to_string(i) + "!");
  EXPECT_TRUE(words.matching("c0!").empty());
  EXPECT_EQ(words.matching("c1!").size(), 1U);
}

}  // namespace
}  // namespace gk::games
