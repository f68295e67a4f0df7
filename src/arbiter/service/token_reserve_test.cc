#include "arbiter/service/token_reserve.h"

#include <gtest/gtest.h>

#include <set>

#include "testing/seeded_random.h"

namespace gk::arbiter {
namespace {

TEST(TokenReserve, ShowsOnlyWhatIsOnDisk) {
  TokenReserve reserve(Token(10), 10);
  EXPECT_TRUE(reserve.may_show(Token(10)));
  EXPECT_FALSE(reserve.may_show(Token(11)));
  EXPECT_EQ(reserve.next(Token(4)), std::nullopt) << "half of the block is left";
  EXPECT_EQ(reserve.next(Token(5)), Token(20));
  EXPECT_EQ(reserve.next(Token(9)), std::nullopt) << "a write is on its way";
  EXPECT_FALSE(reserve.may_show(Token(11))) << "asked for is not stored";
  reserve.stored();
  EXPECT_TRUE(reserve.may_show(Token(20)));
  EXPECT_FALSE(reserve.may_show(Token(21)));
}

TEST(TokenReserve, AsksAgainAfterAFailure) {
  TokenReserve reserve(Token(10), 10);
  EXPECT_EQ(reserve.next(Token(11)), Token(21));
  reserve.failed();
  EXPECT_FALSE(reserve.may_show(Token(11)));
  EXPECT_EQ(reserve.next(Token(11)), Token(21));
}

/// Lives of a lane: each shows tokens as the rule allows, or in spite of it, and dies at random.
/// Returns how many tokens were shown in two lives.
int shown_twice(std::uint64_t seed, bool ignores_the_rule) {
  SeededRandom random(seed);
  std::set<std::uint64_t> shown;
  std::uint64_t disk = 0;
  int twice = 0;
  for (int life = 0; life < 20; ++life) {
    std::uint64_t high = disk;
    TokenReserve reserve(Token(disk), 1 + random.below(8));
    std::optional<Token> on_its_way;
    for (std::uint64_t step = random.below(60); step > 0; --step) {
      const std::uint64_t kind = random.below(4);
      if (kind == 0 && on_its_way) {
        disk = on_its_way->value;
        on_its_way.reset();
        reserve.stored();
      } else if (kind == 1 && on_its_way) {
        on_its_way.reset();
        reserve.failed();
      } else if (reserve.may_show(Token(high + 1)) || ignores_the_rule) {
        twice += shown.insert(++high).second ? 0 : 1;
      }
      if (!on_its_way) on_its_way = reserve.next(Token(high));
    }
  }
  return twice;
}

TEST(TokenReserve, NoTokenIsShownInTwoLives) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) EXPECT_EQ(shown_twice(seed, false), 0);
}

TEST(TokenReserve, ThePlantedBugIsCaught) {
  int caught = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) caught += shown_twice(seed, true) > 0 ? 1 : 0;
  EXPECT_GT(caught, 150);
}

}  // namespace
}  // namespace gk::arbiter
