#include "api/replay.h"

#include <gtest/gtest.h>

namespace gk::api {
namespace {

Replay::Text text(std::string content) {
  return std::make_shared<const std::string>(std::move(content));
}

class ReplayTest : public testing::Test {
 protected:
  void publish(std::uint64_t from, std::uint64_t to, std::size_t bytes = 1) {
    for (auto seq = from; seq <= to; ++seq) replay.add(seq, text(std::string(bytes, 'x')));
  }
  std::string numbers(std::uint64_t seen, std::uint64_t last) const {
    std::string out;
    const auto missed = replay.since(seen, last);
    if (missed.gap) {
      out = "gap " + std::to_string(missed.gap->first) + "-" + std::to_string(missed.gap->second);
    }
    for (const auto& frame : missed.frames) out += " " + std::to_string(frame.first);
    return out;
  }
  Replay replay{{.max_frames = 3, .max_bytes = 10}};
};

TEST_F(ReplayTest, GivesWhatCameSince) {
  publish(1, 3);
  EXPECT_EQ(numbers(1, 3), " 2 3");
  EXPECT_EQ(numbers(3, 3), "");
}

TEST_F(ReplayTest, TellsWhatItDroppedAsAGap) {
  publish(1, 5);
  EXPECT_EQ(numbers(0, 5), "gap 1-2 3 4 5");
  EXPECT_EQ(numbers(2, 5), " 3 4 5");
}

TEST_F(ReplayTest, TellsWhatNobodyMadeAsAGap) {
  publish(1, 2);
  replay.add(3, nullptr);
  EXPECT_EQ(numbers(1, 3), "gap 2-3");
  publish(4, 4);
  EXPECT_EQ(numbers(1, 4), "gap 2-3 4");
}

TEST_F(ReplayTest, TellsAClientOfAnotherLifeToReadAgain) {
  publish(1, 2);
  EXPECT_EQ(numbers(9, 2), "gap 1-2");
  EXPECT_EQ(Replay().since(9, 0).gap.has_value(), false);
}

TEST_F(ReplayTest, BoundsItsBytes) {
  publish(1, 3, 5);
  EXPECT_EQ(replay.bytes(), 10U);
  EXPECT_EQ(numbers(0, 3), "gap 1-1 2 3");
  publish(4, 4, 11);
  EXPECT_EQ(replay.frames(), 0U);
  EXPECT_EQ(numbers(3, 4), "gap 4-4");
}

}  // namespace
}  // namespace gk::api
