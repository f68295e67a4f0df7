#include "referee/service/sources.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "testing/seeded_random.h"

namespace gk::referee {
namespace {

const Source kArena{.number = 7, .name = "arena", .address = "203.0.113.7", .key = {1, 2, 3}};

std::vector<std::uint8_t> frame_bytes(FrameHeader header, const SourceKey& key) {
  header.tagged = true;
  std::vector<std::uint8_t> bytes;
  write_header(header, bytes);
  const auto tag = frame_tag(key, bytes);
  bytes.insert(bytes.end(), tag.begin(), tag.end());
  return bytes;
}

class SourceTableTest : public testing::Test {
 protected:
  SourceTableTest() { table.set({kArena}); }
  FrameFault admit(const std::vector<std::uint8_t>& bytes,
                   const std::string& address = kArena.address) {
    FrameView frame;
    EXPECT_EQ(read_frame(bytes, frame), FrameFault::none);
    return table.admit(frame, address, link);
  }
  std::vector<std::uint8_t> moves(std::uint64_t session, std::uint64_t sequence) const {
    return frame_bytes(
        {.kind = FrameKind::moves, .source = 7, .session = session, .sequence = sequence},
        kArena.key);
  }
  std::uint64_t greet() {
    EXPECT_EQ(admit(frame_bytes({.kind = FrameKind::hello, .source = 7}, kArena.key)),
              FrameFault::none);
    return table.session_for(7);
  }
  SeededRandom random{5};
  SourceTable table{random};
  SenderLink* link = nullptr;
};

TEST_F(SourceTableTest, AcceptsFramesOfASessionOnceEach) {
  const std::uint64_t session = greet();
  EXPECT_EQ(admit(moves(session, 1)), FrameFault::none);
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->prefix, "arena:");
  EXPECT_EQ(admit(moves(session, 1)), FrameFault::replay);
  EXPECT_EQ(admit(moves(session, 3)), FrameFault::none);
  EXPECT_EQ(admit(moves(session, 2)), FrameFault::none) << "reordered, but new";
  EXPECT_EQ(admit(moves(session, 2)), FrameFault::replay);
  EXPECT_EQ(admit(moves(session, 5000)), FrameFault::none);
  EXPECT_EQ(admit(moves(session, 4000)), FrameFault::none);
  EXPECT_EQ(admit(moves(session, 3900)), FrameFault::replay) << "behind the window";
}

TEST_F(SourceTableTest, RefusesForgedForeignAndOldFrames) {
  const std::uint64_t session = greet();
  SourceKey wrong = kArena.key;
  wrong[31] ^= 1;
  EXPECT_EQ(admit(frame_bytes({.source = 7, .session = session}, wrong)), FrameFault::tag);
  EXPECT_EQ(admit(moves(session, 1), "203.0.113.8"), FrameFault::address);
  EXPECT_EQ(admit(frame_bytes({.source = 8, .session = session}, kArena.key)), FrameFault::source);
  EXPECT_EQ(admit(moves(session + 1, 1)), FrameFault::session);
  EXPECT_EQ(admit(moves(0, 1)), FrameFault::session);
  auto changed = moves(session, 1);
  changed[24] ^= 8;  // The sequence: covered by the tag.
  EXPECT_EQ(admit(changed), FrameFault::tag);
  std::vector<std::uint8_t> bare;
  write_header({.source = 7, .session = session}, bare);
  EXPECT_EQ(admit(bare), FrameFault::tag);
  EXPECT_EQ(admit(moves(session, 1)), FrameFault::none);
}

TEST_F(SourceTableTest, ARepeatedHelloDoesNotDisturbTheRunningSession) {
  const std::uint64_t session = greet();
  EXPECT_EQ(admit(moves(session, 1)), FrameFault::none);
  const std::uint64_t next = greet();
  EXPECT_NE(next, session);
  EXPECT_EQ(greet(), next) << "the same until it is used";
  EXPECT_EQ(admit(moves(session, 2)), FrameFault::none) << "the old one goes on";
  EXPECT_EQ(admit(moves(next, 1)), FrameFault::none);
  EXPECT_EQ(admit(moves(session, 3)), FrameFault::session) << "the sender has started anew";
}

TEST_F(SourceTableTest, KeepsSessionsOfUnchangedSourcesAndEndsOthers) {
  const std::uint64_t session = greet();
  EXPECT_EQ(admit(moves(session, 1)), FrameFault::none);
  Source other = kArena;
  other.number = 8;
  table.set({kArena, other});
  EXPECT_EQ(admit(moves(session, 1)), FrameFault::replay) << "still the same window";
  Source rekeyed = kArena;
  rekeyed.key[0] ^= 1;
  table.set({rekeyed});
  EXPECT_EQ(admit(moves(session, 2)), FrameFault::tag);
}

/// The checks above are what refuses: with each left out, a frame that must not pass does.
TEST(SourceBugs, EachPlantedBugLetsABadFramePass) {
  for (const SourceBug bug :
       {SourceBug::tag_unchecked, SourceBug::replay_unchecked, SourceBug::address_unchecked}) {
    SeededRandom random(5);
    SourceTable table(random, bug);
    table.set({kArena});
    SenderLink* link = nullptr;
    const auto admit = [&](const std::vector<std::uint8_t>& bytes, const std::string& address) {
      FrameView frame;
      EXPECT_EQ(read_frame(bytes, frame), FrameFault::none);
      return table.admit(frame, address, link) == FrameFault::none;
    };
    const std::uint64_t session = table.session_for(7);
    const auto good = frame_bytes({.source = 7, .session = session, .sequence = 1}, kArena.key);
    ASSERT_TRUE(admit(good, kArena.address));
    auto forged = frame_bytes({.source = 7, .session = session, .sequence = 2}, SourceKey{});
    EXPECT_EQ(admit(forged, kArena.address), bug == SourceBug::tag_unchecked);
    EXPECT_EQ(admit(good, kArena.address), bug == SourceBug::replay_unchecked);
    auto foreign = frame_bytes({.source = 7, .session = session, .sequence = 3}, kArena.key);
    EXPECT_EQ(admit(foreign, "198.51.100.1"), bug == SourceBug::address_unchecked);
  }
}

TEST(ReplayWindow, AgreesWithASetOfAllSequences) {
  SeededRandom random(3);
  ReplayWindow window;
  std::vector<std::uint64_t> used;
  std::uint64_t highest = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t around = highest + random.u64() % 40;
    const std::uint64_t sequence = around > 20 ? around - random.u64() % 20 : around;
    const bool old = !used.empty() && sequence + ReplayWindow::kBits <= highest;
    const bool fresh = std::find(used.begin(), used.end(), sequence) == used.end() && !old;
    ASSERT_EQ(window.take(sequence), fresh) << i << ": " << sequence;
    if (fresh) used.push_back(sequence);
    if (used.size() > 4000) used.erase(used.begin(), used.begin() + 1000);
    highest = std::max(highest, sequence);
  }
}

}  // namespace
}  // namespace gk::referee
