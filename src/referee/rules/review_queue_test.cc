#include "referee/rules/review_queue.h"

#include <gtest/gtest.h>

namespace gk::referee {
namespace {

TEST(ReviewQueue, DropsTheLeastEvidenceWhenFull) {
  ReviewQueue queue(2);
  EXPECT_FALSE(queue.add({PlayerId{1}, Channel::gap, 20'000, 0}));
  EXPECT_FALSE(queue.add({PlayerId{2}, Channel::gap, 10'000, 0}));
  EXPECT_EQ(queue.add({PlayerId{3}, Channel::gap, 30'000, 0})->player, PlayerId{2});
  EXPECT_EQ(queue.add({PlayerId{4}, Channel::gap, 5'000, 0})->player, PlayerId{4});
}

TEST(ReviewQueue, KeepsOneCaseAPlayer) {
  ReviewQueue queue(2);
  (void)queue.add({PlayerId{1}, Channel::gap, 20'000, 0});
  (void)queue.add({PlayerId{1}, Channel::rate, 50'000, 5});
  EXPECT_EQ(queue.items().size(), 1U);
  EXPECT_EQ(queue.items()[0].channel, Channel::rate);
}

TEST(ReviewQueue, DismissalsRaiseTheHonestRateInBoundedSteps) {
  ReviewQueue queue;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    (void)queue.add({PlayerId{i}, Channel::gap, 20'000, 0});
    (void)queue.decide(PlayerId{i}, i % 4 == 0);
  }
  EXPECT_DOUBLE_EQ(*queue.false_positive_ratio(), 0.75);
  EXPECT_EQ(queue.honest_rate(Channel::gap, 0.05), 0.45);
  EXPECT_EQ(queue.honest_rate(Channel::rate, 0.05), 0.05);
  EXPECT_FALSE(queue.decide(PlayerId{999}, true));
}

TEST(ReviewQueue, HonestRateStaysWithinWhatABetCanStand) {
  ReviewQueue queue;
  EXPECT_EQ(queue.honest_rate(Channel::gap, 0.3), 0.3) << "the gap channel starts above 0.12";
  for (std::uint64_t i = 1; i <= 40; ++i) {
    (void)queue.add({PlayerId{i}, Channel::stolen_time, 20'000, 0});
    (void)queue.decide(PlayerId{i}, false);
  }
  EXPECT_EQ(queue.honest_rate(Channel::stolen_time, 0.05), 0.12);
}

}  // namespace
}  // namespace gk::referee
