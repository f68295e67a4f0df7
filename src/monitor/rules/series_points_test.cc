#include "monitor/rules/series_points.h"

#include <gtest/gtest.h>

namespace gk::monitor {
namespace {

constexpr WallTime t0{Seconds(1'767'225'600)};

TEST(SeriesWindowTest, DefaultsToTheLastHourInAtMostAThousandSteps) {
  const auto window = SeriesWindow::create({}, {}, {}, t0).value();
  EXPECT_EQ(window.from, t0 - std::chrono::hours(1));
  EXPECT_EQ(window.step, Millis(3'600));
  EXPECT_EQ(window.points(), 1'001U);
}

TEST(SeriesWindowTest, RefusesABackwardWindowATinyStepAndTooManySteps) {
  EXPECT_FALSE(SeriesWindow::create(t0 + Seconds(1), t0, {}, t0));
  EXPECT_FALSE(SeriesWindow::create({}, {}, Micros(999), t0));
  EXPECT_FALSE(SeriesWindow::create(t0 - Seconds(10'000), t0, Seconds(1), t0));
  EXPECT_TRUE(SeriesWindow::create(t0 - Seconds(9'999), t0, Seconds(1), t0));
}

TEST(SeriesPointsTest, AveragesTheSamplesOfAStepAndShowsAGapAsNoValue) {
  const SeriesWindow window{.from = t0, .to = t0 + Seconds(29), .step = Seconds(10)};
  const std::vector<Sample> raw = {
      {t0 - Seconds(1), 999}, {t0, 1}, {t0 + Seconds(9), 3}, {t0 + Seconds(20), 7}};
  const auto points = make_points(window, {}, raw);
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[0].value, 2);
  EXPECT_EQ(points[0].min, 1);
  EXPECT_EQ(points[0].max, 3);
  EXPECT_FALSE(points[1].value);
  EXPECT_EQ(points[2].value, 7);
  EXPECT_FALSE(points[2].min) << "one sample needs no spread";
}

TEST(SeriesPointsTest, FillsStepsWithoutSamplesFromTheAggregateThatCoversThem) {
  const SeriesWindow window{.from = t0, .to = t0 + Seconds(39), .step = Seconds(10)};
  const std::vector<Aggregate> folded = {{.from = t0 - Seconds(100),
                                          .to = t0 + Seconds(15),
                                          .count = 100,
                                          .min = 1,
                                          .max = 9,
                                          .avg = 5}};
  const std::vector<Sample> raw = {{t0 + Seconds(16), 40}, {t0 + Seconds(30), 50}};
  const auto points = make_points(window, folded, raw);
  EXPECT_EQ(points[0].avg, 5);
  EXPECT_EQ(points[0].max, 9);
  EXPECT_EQ(points[1].value, 40);
  EXPECT_FALSE(points[2].value);
  EXPECT_EQ(points[3].value, 50);
}

}  // namespace
}  // namespace gk::monitor
