#include "gamekeeper/referee_c.h"

#include <gtest/gtest.h>

#include <memory>

namespace {

TEST(RefereeC, JudgesAndExplainsLikeTheClass) {
  const std::unique_ptr<gk_referee, void (*)(gk_referee*)> referee(gk_referee_create(4),
                                                                   gk_referee_destroy);
  const gk_profile profile{0, 5, 0, 0, 1, 50'000};
  const uint64_t player =
      gk_referee_add_player(referee.get(), gk_referee_add_profile(referee.get(), &profile), 0);
  const gk_move moves[2] = {{player, 0, 0, 0, 0, 0, 1, 1, 1, 0},
                            {player, 50'000, 50'000, 100, 0, 0, 2, 1, 1, 0}};
  gk_verdict verdicts[2];
  gk_referee_move(referee.get(), moves, verdicts, 2);
  EXPECT_EQ(verdicts[0].outcome, 0);
  EXPECT_EQ(verdicts[1].outcome, 1);
  char text[128];
  EXPECT_EQ(gk_referee_explain(referee.get(), player, text, sizeof text), 0);
  EXPECT_EQ(std::string(text).substr(0, 9), "teleport:");
  EXPECT_EQ(gk_referee_rtt(referee.get(), 99, 0, 0), 2);
}

TEST(RefereeC, RefusesAnImpossibleSize) { EXPECT_EQ(gk_referee_create(0), nullptr); }

}  // namespace
