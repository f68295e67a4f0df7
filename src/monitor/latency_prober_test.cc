#include "monitor/latency_prober.h"

#include <gtest/gtest.h>

#include "testing/manual_clock.h"

namespace gk::monitor {
namespace {

/// Keeps the answers that are asked for until a test gives them.
struct FakeLine {
  std::vector<LatencyProber::Answer> asked;
  LatencyProber::Probe probe() {
    return [this](LatencyProber::Answer answer) { asked.push_back(std::move(answer)); };
  }
  void answer(std::optional<Nanos> time) {
    const auto last = asked.back();
    last(time);
  }
  void answer_round(Nanos time) {
    for (int i = 0; i < 3; ++i) answer(time);
  }
};

class LatencyProberTest : public testing::Test {
 protected:
  ManualClock clock;
  std::vector<Nanos> wakes;
  std::vector<double> measured;
  FakeLine line, other;
  LatencyProber prober{clock, [this](Nanos delay) { wakes.push_back(delay); },
                       [this](const std::string&, const LatencyEstimator& e) {
                         measured.push_back(e.smoothed_ms().value_or(-1));
                       }};
};

TEST_F(LatencyProberTest, SendsThreeProbesOneAfterTheOtherAndTakesTheMedian) {
  ASSERT_TRUE(prober.add("game", line.probe()));
  EXPECT_EQ(line.asked.size(), 1U);
  line.answer(Millis(90));
  EXPECT_EQ(line.asked.size(), 2U);
  line.answer(Millis(30));
  line.answer(Millis(60));
  EXPECT_EQ(line.asked.size(), 3U);
  EXPECT_EQ(measured, std::vector<double>{60});
  EXPECT_EQ(wakes.back(), Seconds(30)) << "between 50 and 150 ms";
}

TEST_F(LatencyProberTest, StartsTheNextRoundWhenItIsDueAndNotBefore) {
  ASSERT_TRUE(prober.add("game", line.probe()));
  line.answer_round(Millis(20));
  EXPECT_EQ(wakes.back(), Seconds(60)) << "below 50 ms";
  clock.advance(Seconds(60) - Nanos(1));
  prober.tick();
  EXPECT_EQ(line.asked.size(), 3U);
  clock.advance(Nanos(1));
  prober.tick();
  EXPECT_EQ(line.asked.size(), 4U);
  line.answer_round(Millis(400));
  EXPECT_DOUBLE_EQ(measured.back(), 0.3 * 400 + 0.7 * 20);
}

TEST_F(LatencyProberTest, ALostProbeIsALossAndAlsoOneThatCameTooLate) {
  ASSERT_TRUE(prober.add("game", line.probe()));
  line.answer(std::nullopt);
  line.answer(Millis(1'501));
  line.answer(Millis(40));
  EXPECT_EQ(measured, std::vector<double>{40});
  EXPECT_DOUBLE_EQ(*prober.find("game")->loss(), 2.0 / 3.0);
}

TEST_F(LatencyProberTest, FallsBackForTheRoundWhoseFirstProbeWasLost) {
  ASSERT_TRUE(prober.add("game", line.probe(), other.probe()));
  line.answer(std::nullopt);
  ASSERT_EQ(other.asked.size(), 1U);
  other.answer_round(Millis(70));
  EXPECT_EQ(measured, std::vector<double>{70});
  EXPECT_EQ(line.asked.size(), 1U);
  EXPECT_DOUBLE_EQ(*prober.find("game")->loss(), 0);
}

TEST_F(LatencyProberTest, ARoundThatIsLostWhollyIsUnknownAndAskedAgainSoon) {
  ASSERT_TRUE(prober.add("game", line.probe()));
  for (int i = 0; i < 3; ++i) line.answer(std::nullopt);
  EXPECT_EQ(measured, std::vector<double>{-1});
  EXPECT_EQ(wakes.back(), Seconds(10));
  EXPECT_FALSE(prober.find("game")->signal(clock.mono(), clock.wall()).measured());
}

TEST_F(LatencyProberTest, IgnoresAnswersOfATargetThatIsGoneAndSecondOnes) {
  ASSERT_TRUE(prober.add("game", line.probe()));
  line.answer(Millis(10));
  line.asked[0](Millis(900));  // Again, by a probe that is broken.
  EXPECT_EQ(line.asked.size(), 2U);
  prober.remove("game");
  line.asked.back()(Millis(10));
  EXPECT_TRUE(measured.empty());
  EXPECT_EQ(prober.find("game"), nullptr);
}

TEST_F(LatencyProberTest, RefusesASecondTargetOfOneNameAndTooMany) {
  ASSERT_TRUE(prober.add("0", line.probe()));
  EXPECT_EQ(prober.add("0", line.probe()).error().code, Errc::already_exists);
  for (int i = 1; i < 256; ++i) ASSERT_TRUE(prober.add(std::to_string(i), line.probe()));
  EXPECT_EQ(prober.add("256", line.probe()).error().code, Errc::resource_exhausted);
}

}  // namespace
}  // namespace gk::monitor
