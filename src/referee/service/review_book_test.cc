#include "referee/service/review_book.h"

#include <gtest/gtest.h>

#include "referee/service/baseline_book.h"

namespace gk::referee {
namespace {

ReviewCase found(const std::string& player, float e, Channel channel = Channel::stolen_time) {
  return {.player = player,
          .at = WallTime(Seconds(100)),
          .max_e = e,
          .channel = channel,
          .rejected = 3,
          .path_json = "[]"};
}

TEST(ReviewBook, KeepsOneOpenCaseAPlayerAndRaisesIt) {
  ReviewBook book(10);
  EXPECT_TRUE(book.add(found("bob", 1e4F), "a").opened);
  EXPECT_FALSE(book.add(found("bob", 5e3F), "b").review.has_value()) << "no more evidence";
  const auto raised = book.add(found("bob", 1e6F, Channel::reject), "c");
  ASSERT_TRUE(raised.review.has_value());
  EXPECT_FALSE(raised.opened);
  EXPECT_EQ(raised.review->id, "a");
  EXPECT_EQ(book.find("a")->channel, Channel::reject);
  EXPECT_EQ(book.items().size(), 1U);
}

TEST(ReviewBook, DropsTheWeakestOfTheOpenAndTheOldestOfTheDecided) {
  ReviewBook book(2);
  (void)book.add(found("weak", 1e4F), "weak");
  (void)book.add(found("strong", 1e6F), "strong");
  const auto weaker = book.add(found("weaker", 5e3F), "weaker");
  EXPECT_FALSE(weaker.review.has_value());
  EXPECT_TRUE(weaker.gone.empty());
  EXPECT_EQ(book.add(found("middle", 1e5F), "middle").gone, std::vector<std::string>{"weak"});
  EXPECT_EQ(book.open(), 2U);
  for (const std::string id : {"strong", "middle", "third", "fourth"}) {
    (void)book.add(found(id, 1e5F), id);
    book.commit(book.decide(id, ReviewState::accepted, "op", "", WallTime()).value());
  }
  (void)book.add(found("fifth", 1e5F), "fifth");
  EXPECT_LE(book.items().size(), 4U);
  EXPECT_NE(book.find("fourth"), nullptr);
}

TEST(ReviewBook, DecidesOnceAndOnlyWhenCommitted) {
  ReviewBook book;
  (void)book.add(found("bob", 1e4F), "a");
  const auto decided = book.decide("a", ReviewState::dismissed, "op", "lag", WallTime()).value();
  EXPECT_EQ(book.find("a")->state, ReviewState::open) << "until it is on disk";
  book.commit(decided);
  EXPECT_EQ(book.find("a")->state, ReviewState::dismissed);
  EXPECT_EQ(book.decide("a", ReviewState::accepted, "x", "", WallTime()).error().code,
            Errc::failed_precondition);
  EXPECT_EQ(book.decide("b", ReviewState::accepted, "x", "", WallTime()).error().code,
            Errc::not_found);
}

TEST(ReviewBook, DecisionsMoveTheHonestRateOfTheirChannelInBoundedSteps) {
  ReviewBook book;
  EXPECT_FALSE(book.false_positive_ratio().has_value());
  const auto before = book.honest_rates(0.05);
  double last = before[static_cast<std::size_t>(Channel::stolen_time)];
  for (int i = 0; i < 40; ++i) {
    const std::string id = std::to_string(i);
    (void)book.add(found(id, 1e4F), id);
    book.commit(book.decide(id, ReviewState::dismissed, "op", "", WallTime()).value());
    const double now = book.honest_rates(0.05)[static_cast<std::size_t>(Channel::stolen_time)];
    EXPECT_GE(now, last);
    EXPECT_LE(now, last * 1.1 + 1e-12) << "one decision moves it by a tenth at most";
    EXPECT_LE(now, 0.12);
    last = now;
  }
  EXPECT_EQ(last, 0.12);
  const auto after = book.honest_rates(0.05);
  for (std::size_t i = 0; i < kChannels; ++i) {
    if (i != static_cast<std::size_t>(Channel::stolen_time)) {
      EXPECT_EQ(after[i], before[i]) << i;
    }
  }
  EXPECT_EQ(before[static_cast<std::size_t>(Channel::gap)], 0.3) << "it has a rate of its own";
  EXPECT_EQ(*book.false_positive_ratio(), 1);
}

TEST(ReviewBook, SaysHowOftenWhatWasAcceptedHadBeenStopped) {
  ReviewBook book;
  for (const std::string id : {"a", "b"}) {
    ReviewCase one = found(id, 1e4F);
    one.rejected = id == "a" ? 5 : 0;
    (void)book.add(one, id);
    book.commit(book.decide(id, ReviewState::accepted, "op", "", WallTime()).value());
  }
  EXPECT_EQ(*book.detection_ratio(), 0.5);
  EXPECT_EQ(*book.false_positive_ratio(), 0);
}

TEST(PlayerBaseline, FollowsALineAndForgivesWhatIsUsualForIt) {
  PlayerBaseline wifi;
  EXPECT_TRUE(wifi.gaps_unusual(0)) << "nothing is known yet";
  EXPECT_STREQ(wifi.machine(), "unknown");
  for (int i = 0; i < 20; ++i) wifi.learn(10, 30, 40, 50, 50);  // Three silences a minute.
  EXPECT_NEAR(wifi.gaps_per_minute, 3, 1e-9);
  EXPECT_STREQ(wifi.machine(), "keeps_up");
  EXPECT_FALSE(wifi.gaps_unusual(5));
  EXPECT_TRUE(wifi.gaps_unusual(8));
  for (int i = 0; i < 200; ++i) wifi.learn(10, 0, 10, 120, 50);  // A cable, a slow machine.
  EXPECT_LT(wifi.gaps_per_minute, 0.2) << "a new line replaces the old one";
  EXPECT_STREQ(wifi.machine(), "poor");
}

TEST(BaselineBook, ForgetsWhoWasTouchedLongestAgo) {
  BaselineBook book;
  PlayerBaseline some;
  some.minutes = 1;
  for (std::size_t i = 0; i <= BaselineBook::kMax; ++i) book.put("p" + std::to_string(i), some);
  EXPECT_EQ(book.size(), BaselineBook::kMax);
  EXPECT_EQ(book.get("p0"), PlayerBaseline{});
  EXPECT_EQ(book.get("p1"), some);
  EXPECT_TRUE(book.erase("p1"));
  EXPECT_FALSE(book.erase("p1"));
}

}  // namespace
}  // namespace gk::referee
