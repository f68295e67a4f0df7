#include "net/frame_queue.h"

#include <gtest/gtest.h>

#include <map>

#include "testing/seeded_random.h"

namespace gk::net {
namespace {

OutFrame frame(std::uint32_t topic, std::uint64_t seq, std::size_t bytes = 10,
               bool latest_wins = false) {
  const auto digit = static_cast<char>('a' + seq % 26);
  return {std::make_shared<const std::string>(bytes, digit), topic, seq, latest_wins};
}

/// A queue of 4 frames or 100 bytes.
class FrameQueueTest : public testing::Test {
 protected:
  static WebSocketLimits limits() {
    WebSocketLimits out;
    out.max_queued_frames = 4;
    out.max_queued_bytes = 100;
    return out;
  }
  /// Sequence numbers that are still to be sent; empties the queue.
  std::vector<std::uint64_t> drain() {
    std::vector<std::uint64_t> out;
    while (const OutFrame* next = queue.take_off()) {
      out.push_back(next->seq);
      queue.landed();
    }
    return out;
  }
  using Seqs = std::vector<std::uint64_t>;
  using Ranges = std::vector<DroppedRange>;

  FrameQueue queue{limits()};
};

TEST_F(FrameQueueTest, KeepsOrder) {
  for (std::uint64_t seq = 1; seq <= 4; ++seq) EXPECT_TRUE(queue.push(frame(1, seq)));
  EXPECT_EQ(queue.bytes(), 40U);
  EXPECT_EQ(drain(), (Seqs{1, 2, 3, 4}));
  EXPECT_EQ(queue.bytes(), 0U);
  EXPECT_EQ(queue.take_dropped(), Ranges{});
}

TEST_F(FrameQueueTest, DropsTheOldestWhenFramesAreFull) {
  for (std::uint64_t seq = 1; seq <= 6; ++seq) EXPECT_TRUE(queue.push(frame(1, seq)));
  EXPECT_EQ(queue.take_dropped(), (Ranges{{1, 1, 2}}));
  EXPECT_EQ(queue.dropped_frames(), 2U);
  EXPECT_EQ(drain(), (Seqs{3, 4, 5, 6}));
}

TEST_F(FrameQueueTest, DropsAsManyAsTheBytesNeed) {
  EXPECT_TRUE(queue.push(frame(1, 1, 40)));
  EXPECT_TRUE(queue.push(frame(2, 1, 40)));
  EXPECT_TRUE(queue.push(frame(1, 2, 90)));
  EXPECT_EQ(queue.take_dropped(), (Ranges{{1, 1, 1}, {2, 1, 1}}));
  EXPECT_EQ(drain(), (Seqs{2}));
}

TEST_F(FrameQueueTest, NeverDropsTheFrameInFlight) {
  EXPECT_TRUE(queue.push(frame(1, 1)));
  ASSERT_EQ(queue.take_off()->seq, 1U);
  for (std::uint64_t seq = 2; seq <= 6; ++seq) EXPECT_TRUE(queue.push(frame(1, seq)));
  EXPECT_EQ(queue.frames(), 4U);
  EXPECT_EQ(queue.take_dropped(), (Ranges{{1, 2, 3}}));
  queue.landed();
  EXPECT_EQ(drain(), (Seqs{4, 5, 6}));
}

TEST_F(FrameQueueTest, NeverDropsTopicZero) {
  EXPECT_TRUE(queue.push(frame(0, 1)));
  for (std::uint64_t seq = 2; seq <= 6; ++seq) EXPECT_TRUE(queue.push(frame(1, seq)));
  EXPECT_EQ(drain(), (Seqs{1, 4, 5, 6}));
}

TEST_F(FrameQueueTest, TopicZeroMakesRoomForItself) {
  for (std::uint64_t seq = 1; seq <= 4; ++seq) EXPECT_TRUE(queue.push(frame(1, seq)));
  EXPECT_TRUE(queue.push(frame(0, 9)));
  EXPECT_EQ(drain(), (Seqs{2, 3, 4, 9}));
}

TEST_F(FrameQueueTest, RefusesTopicZeroWhenOnlyTopicZeroWaits) {
  for (std::uint64_t seq = 1; seq <= 4; ++seq) EXPECT_TRUE(queue.push(frame(0, seq)));
  EXPECT_FALSE(queue.push(frame(0, 5)));
}

TEST_F(FrameQueueTest, DropsATopicFrameThatCannotFit) {
  EXPECT_TRUE(queue.push(frame(0, 1, 60)));
  EXPECT_TRUE(queue.push(frame(1, 7, 41)));
  EXPECT_EQ(queue.take_dropped(), (Ranges{{1, 7, 7}}));
  EXPECT_EQ(drain(), (Seqs{1}));
}

TEST_F(FrameQueueTest, LatestWinsTakesThePlaceOfTheOlder) {
  EXPECT_TRUE(queue.push(frame(1, 1, 10, true)));
  EXPECT_TRUE(queue.push(frame(2, 1)));
  EXPECT_TRUE(queue.push(frame(1, 2, 30, true)));
  EXPECT_EQ(queue.frames(), 2U);
  EXPECT_EQ(queue.bytes(), 40U);
  EXPECT_EQ(drain(), (Seqs{2, 1}));
  EXPECT_EQ(queue.take_dropped(), Ranges{});
  EXPECT_EQ(queue.dropped_frames(), 0U);
}

TEST_F(FrameQueueTest, LatestWinsDoesNotReplaceTheFrameInFlight) {
  EXPECT_TRUE(queue.push(frame(1, 1, 10, true)));
  ASSERT_NE(queue.take_off(), nullptr);
  EXPECT_TRUE(queue.push(frame(1, 2, 10, true)));
  queue.landed();
  EXPECT_EQ(drain(), (Seqs{2}));
}

TEST_F(FrameQueueTest, LatestWinsThatGrewMakesRoom) {
  EXPECT_TRUE(queue.push(frame(1, 1, 10, true)));
  EXPECT_TRUE(queue.push(frame(2, 1, 80)));
  EXPECT_TRUE(queue.push(frame(1, 2, 30, true)));
  EXPECT_EQ(queue.take_dropped(), (Ranges{{2, 1, 1}}));
  EXPECT_EQ(drain(), (Seqs{2}));
}

TEST_F(FrameQueueTest, DroppedLatestWinsIsCountedButNotListed) {
  EXPECT_TRUE(queue.push(frame(1, 1, 10, true)));
  for (std::uint64_t seq = 1; seq <= 4; ++seq) EXPECT_TRUE(queue.push(frame(2, seq)));
  EXPECT_EQ(queue.dropped_frames(), 1U);
  EXPECT_EQ(queue.take_dropped(), Ranges{});
}

TEST_F(FrameQueueTest, ClearKeepsTheFrameInFlight) {
  EXPECT_TRUE(queue.push(frame(1, 1)));
  EXPECT_TRUE(queue.push(frame(1, 2)));
  ASSERT_NE(queue.take_off(), nullptr);
  queue.clear();
  EXPECT_EQ(queue.bytes(), 10U);
  queue.landed();
  EXPECT_EQ(queue.take_off(), nullptr);
}

// Random pushes and sends: the limits hold, order per topic holds, and what was sent plus what was
// reported as dropped is everything of the topics that are history.
TEST_F(FrameQueueTest, PropertyNothingIsLostSilently) {
  SeededRandom random(3);
  std::map<std::uint32_t, std::uint64_t> last_pushed, last_sent, sent, listed;
  bool flying = false;
  for (int step = 0; step < 20'000; ++step) {
    const auto topic = static_cast<std::uint32_t>(random.below(3) + 1);
    if (random.below(3) != 0) {
      EXPECT_TRUE(queue.push(frame(topic, ++last_pushed[topic], random.below(60) + 1, topic == 3)));
    } else if (flying) {
      queue.landed();
      flying = false;
      for (const DroppedRange& range : queue.take_dropped())
        listed[range.topic] += range.to - range.from + 1;
    } else if (const OutFrame* next = queue.take_off()) {
      EXPECT_GT(next->seq, last_sent[next->topic]);
      last_sent[next->topic] = next->seq;
      ++sent[next->topic];
      flying = true;
    }
    ASSERT_LE(queue.frames(), 4U);
    ASSERT_LE(queue.bytes(), 100U);
  }
  if (flying) queue.landed();
  while (const OutFrame* next = queue.take_off()) {
    ++sent[next->topic];
    queue.landed();
  }
  for (const DroppedRange& range : queue.take_dropped())
    listed[range.topic] += range.to - range.from + 1;
  EXPECT_EQ(sent[1] + listed[1], last_pushed[1]);
  EXPECT_EQ(sent[2] + listed[2], last_pushed[2]);
  EXPECT_EQ(listed[3], 0U);
}

}  // namespace
}  // namespace gk::net
