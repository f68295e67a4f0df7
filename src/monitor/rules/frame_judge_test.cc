#include "monitor/rules/frame_judge.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace gk::monitor {
namespace {

constexpr MonoTime t0{std::chrono::hours(1)};

class FrameJudgeTest : public testing::Test {
 protected:
  /// As an honest writer would.
  void frames(int count, Nanos each) {
    for (int i = 0; i < count; ++i) {
      clock += each;
      page.ring[page.frames % kFrameSlots] =
          static_cast<std::uint32_t>(std::chrono::duration_cast<Micros>(each).count());
      ++page.frames;
      page.last_ns = clock.time_since_epoch().count();
    }
  }
  FrameNews read() { return judge.judge(page, clock, Seconds(1)); }
  /// A second of 60 frames that is believed, so that only what follows is judged.
  void begin() {
    frames(60, kFrame);
    (void)read();
    frames(60, kFrame);
    ASSERT_TRUE(read().fps);
  }

  static constexpr Nanos kFrame{16'666'667};
  MonoTime clock = t0;
  FramePage page;
  FrameJudge judge;
};

TEST_F(FrameJudgeTest, KnowsTheRateFromTheSecondReadingOn) {
  frames(60, kFrame);
  EXPECT_FALSE(read().fps);
  frames(60, kFrame);
  const auto news = read();
  EXPECT_NEAR(news.fps.value_or(0), 60, 0.001);
  ASSERT_EQ(news.frame_ms.size(), 60U);
  EXPECT_DOUBLE_EQ(news.frame_ms[0], 16.666);
  EXPECT_EQ(news.trouble, "");
}

TEST_F(FrameJudgeTest, HandsOverEachFrameOnceAndTheNewestWhenThereAreMoreThanThePageHolds) {
  begin();
  frames(3000, Micros(400));
  const auto news = read();
  EXPECT_NEAR(news.fps.value_or(0), 2500, 0.1);
  EXPECT_EQ(news.frame_ms.size(), kFrameSlots);
  EXPECT_TRUE(read().frame_ms.empty());
}

TEST_F(FrameJudgeTest, CallsAGameThatHangsUnknownAfterTwoIntervals) {
  begin();
  clock += Millis(1999);
  EXPECT_EQ(read().trouble, "");
  clock += Millis(1);
  const auto news = read();
  EXPECT_EQ(news.trouble, "frames: none for 2.0 s");
  EXPECT_FALSE(news.lie);
  page.ring[page.frames++ % kFrameSlots] = 2'000'000;
  page.last_ns = clock.time_since_epoch().count();
  EXPECT_NEAR(read().fps.value_or(0), 0.5, 0.001) << "the long frame ended";
}

TEST_F(FrameJudgeTest, ForgivesAPageThatIsBeingWrittenUntilTwoIntervalsHavePassed) {
  begin();
  clock += Seconds(1);
  EXPECT_EQ(judge.torn(clock, Seconds(1)).trouble, "");
  clock += Seconds(1);
  const auto news = judge.torn(clock, Seconds(1));
  EXPECT_EQ(news.trouble, "frames: none for 2.0 s");
  EXPECT_FALSE(news.lie);
}

TEST_F(FrameJudgeTest, LetsAGameDrawOnceASecondAtAShortInterval) {
  begin();
  clock += Millis(999);
  EXPECT_EQ(judge.judge(page, clock, Millis(100)).trouble, "");
  clock += Millis(1);
  EXPECT_NE(judge.judge(page, clock, Millis(100)).trouble, "");
}

TEST_F(FrameJudgeTest, SaysThatThereWasNeverAFrame) {
  (void)read();
  clock += Seconds(2);
  EXPECT_EQ(read().trouble, "frames: none for 2.0 s");
}

TEST_F(FrameJudgeTest, RefusesAPageOfSomethingElse) {
  page.magic = 1;
  EXPECT_TRUE(read().lie);
  page = {};
  page.slots = 7;
  EXPECT_TRUE(read().lie);
}

TEST_F(FrameJudgeTest, RefusesACountThatGoesBack) {
  begin();
  page.frames -= 1;
  EXPECT_EQ(read().trouble, "frames: its count or its clock went back");
}

TEST_F(FrameJudgeTest, RefusesFramesOfTheFuture) {
  begin();
  page.last_ns = (clock + Millis(2)).time_since_epoch().count();
  EXPECT_EQ(read().trouble, "frames: its last frame lies ahead of the clock");
}

TEST_F(FrameJudgeTest, RefusesMoreFramesThanTheTimeHolds) {
  begin();
  clock += Seconds(1);
  page.frames += 20'000;
  page.last_ns = clock.time_since_epoch().count();
  EXPECT_EQ(read().trouble, "frames: it counts more than 10,000 frames a second");
}

TEST_F(FrameJudgeTest, RefusesDurationsThatDoNotAddUp) {
  begin();
  frames(60, kFrame);
  page.ring[(page.frames - 1) % kFrameSlots] += 5'000;
  EXPECT_EQ(read().trouble, "frames: its frames do not add up to the time that passed");
}

TEST_F(FrameJudgeTest, RefusesAClockThatMovesWithoutAFrame) {
  begin();
  clock += Millis(500);
  page.last_ns = clock.time_since_epoch().count();
  EXPECT_EQ(read().trouble, "frames: its clock went on without a frame");
}

TEST_F(FrameJudgeTest, SaysNothingThatCannotBeOfAnyBytes) {
  SeededRandom random(5);
  int believed = 0, refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    // Mostly honest, so that the checks behind the first are reached too.
    frames(static_cast<int>(random.below(80)), Nanos(1'000 * (1 + random.below(30'000))));
    FramePage sent = page;
    if (random.below(30) == 0) {
      auto* const bytes = reinterpret_cast<unsigned char*>(&sent);
      for (int n = 0; n < 4; ++n)
        bytes[random.below(64)] = static_cast<unsigned char>(random.below(256));
    }
    const auto news = judge.judge(sent, clock, Seconds(1));
    believed += news.fps ? 1 : 0;
    refused += news.lie ? 1 : 0;
    ASSERT_TRUE(!news.fps || (*news.fps > 0 && *news.fps <= FrameJudge::kMaxFps));
    ASSERT_LE(news.frame_ms.size(), kFrameSlots);
    ASSERT_FALSE(news.fps && !news.trouble.empty());
  }
  EXPECT_GT(believed, 100);
  EXPECT_GT(refused, 100);
}

/// Control: what a reader would say that compares nothing. Each lie above is a rate for it, so none
/// is refused for want of a number.
TEST_F(FrameJudgeTest, ControlAReaderThatBelievesTakesEachLie) {
  const auto believing = [](const FramePage& before, const FramePage& after) {
    return static_cast<double>(after.frames - before.frames) * 1e9 /
           static_cast<double>(after.last_ns - before.last_ns);
  };
  begin();
  const FramePage before = page;
  frames(60, kFrame);
  page.ring[(page.frames - 1) % kFrameSlots] += 5'000;
  EXPECT_NEAR(believing(before, page), 60, 0.01);
  page.frames += 20'000;
  EXPECT_GT(believing(before, page), 20'000);
  page.last_ns = (clock + std::chrono::hours(1)).time_since_epoch().count();
  EXPECT_GT(believing(before, page), 0);
}

TEST_F(FrameJudgeTest, BelievesALiarAgainAfterTenSecondsOfHonesty) {
  begin();
  page.magic = 1;
  EXPECT_TRUE(read().lie);
  page.magic = kFrameMagic;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(read().fps) << i;
    frames(60, kFrame);
  }
  clock += Micros(1);
  EXPECT_TRUE(read().fps);
}

}  // namespace
}  // namespace gk::monitor
