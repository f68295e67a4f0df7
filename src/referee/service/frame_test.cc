#include "referee/service/frame.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "testing/seeded_random.h"

namespace gk::referee {
namespace {

MoveRecord move_record(std::uint32_t handle, std::uint32_t sequence) {
  MoveRecord record;
  record.handle = handle;
  record.offset_us = 1234;
  record.move.sequence = sequence;
  record.move.client_us = -77;
  record.move.position = {1.5F, -2, 3};
  record.move.ground = Ground::contact;
  record.move.has_clock = false;
  return record;
}

EventRecord join_record() {
  EventRecord record;
  record.kind = EventKind::join;
  record.handle = 9;
  record.offset_us = -5;
  record.on = true;
  record.vector = {1, 2, 3};
  record.profile.space = Space::solid_3d;
  record.profile.max_speed = 4.5F;
  record.profile.nominal_us = 33'000;
  record.name = "bob";
  return record;
}

/// One frame of each kind that a sender makes.
std::vector<std::vector<std::uint8_t>> corpus() {
  std::vector<std::vector<std::uint8_t>> out(3);
  write_header({.kind = FrameKind::hello, .tagged = true, .source = 7}, out[0]);
  out[0].resize(out[0].size() + kTagBytes);
  write_header({.kind = FrameKind::moves, .has_time = true, .session = 3, .sequence = 8}, out[1]);
  for (std::uint32_t i = 0; i < 3; ++i) write_move(move_record(i, i), out[1]);
  write_header({.kind = FrameKind::events}, out[2]);
  for (int kind = 1; kind <= 11; ++kind) {
    EventRecord record = join_record();
    record.kind = static_cast<EventKind>(kind);
    write_event(record, out[2]);
  }
  return out;
}

/// Reads everything a frame holds; the number of records that could be read.
std::size_t read_all(Bytes bytes) {
  FrameView frame;
  if (read_frame(bytes, frame) != FrameFault::none) return 0;
  std::size_t records = 0;
  if (frame.header.kind == FrameKind::moves) {
    for (; records < frame.payload.size() / kMoveBytes; ++records)
      (void)read_move(frame.payload, records);
  } else if (frame.header.kind == FrameKind::events) {
    EventRecord record;
    for (Bytes rest = frame.payload; !rest.empty() && take_event(rest, record);) ++records;
  }
  return records;
}

TEST(Frame, GivesBackWhatWasWritten) {
  std::vector<std::uint8_t> bytes;
  write_header({.kind = FrameKind::moves,
                .has_time = true,
                .source = 5,
                .session = 0x1122334455667788,
                .sequence = 42,
                .base_us = -9},
               bytes);
  write_move(move_record(70'000, 4'000'000'000), bytes);
  ASSERT_EQ(bytes.size(), kHeaderBytes + kMoveBytes);
  EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + 4), "GKM1");
  FrameView frame;
  ASSERT_EQ(read_frame(bytes, frame), FrameFault::none);
  EXPECT_EQ(frame.header.session, 0x1122334455667788U);
  EXPECT_EQ(frame.header.sequence, 42U);
  EXPECT_EQ(frame.header.base_us, -9);
  EXPECT_EQ(frame.header.source, 5U);
  const MoveRecord got = read_move(frame.payload, 0);
  EXPECT_EQ(got.handle, 70'000U);
  EXPECT_EQ(got.offset_us, 1234);
  EXPECT_EQ(got.move.sequence, 4'000'000'000U);
  EXPECT_EQ(got.move.client_us, -77);
  EXPECT_EQ(got.move.position, (Vec3{1.5F, -2, 3}));
  EXPECT_EQ(got.move.ground, Ground::contact);
  EXPECT_FALSE(got.move.has_clock);
  EXPECT_TRUE(got.move.has_sequence);
}

TEST(Frame, GivesBackEveryKindOfEvent) {
  std::vector<std::uint8_t> bytes;
  write_event(join_record(), bytes);
  Bytes rest = bytes;
  EventRecord got;
  ASSERT_TRUE(take_event(rest, got));
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(got.name, "bob");
  EXPECT_EQ(got.profile, join_record().profile);
  EXPECT_EQ(got.vector, (Vec3{1, 2, 3}));
  EXPECT_EQ(got.offset_us, -5);
  EXPECT_TRUE(got.on);
  EXPECT_EQ(read_all(corpus()[2]), 11U) << "all eleven kinds in one frame";
}

TEST(Frame, GivesBackAVerdict) {
  std::vector<std::uint8_t> bytes;
  write_verdict({.handle = 3,
                 .sequence = 4,
                 .rule = RefereeRule::speed,
                 .state = PlayerState::watch,
                 .adjusted = true,
                 .confidence = 0.5F,
                 .set_back = {1, 2, 3},
                 .credit_used_us = 6},
                bytes);
  ASSERT_EQ(bytes.size(), kVerdictBytes);
  const VerdictLine got = read_verdict(bytes, 0);
  EXPECT_EQ(got.rule, RefereeRule::speed);
  EXPECT_EQ(got.set_back, (Vec3{1, 2, 3}));
  EXPECT_EQ(got.credit_used_us, 6U);
}

TEST(Frame, NamesWhatIsWrong) {
  const auto fault = [](std::size_t index, std::size_t at, std::uint8_t value) {
    auto bytes = corpus()[index];
    bytes[at] = value;
    FrameView frame;
    return read_frame(bytes, frame);
  };
  FrameView frame;
  EXPECT_EQ(read_frame(Bytes(corpus()[1]).first(39), frame), FrameFault::too_short);
  EXPECT_EQ(fault(1, 0, 'X'), FrameFault::magic);
  EXPECT_EQ(fault(1, 4, 2), FrameFault::version);
  EXPECT_EQ(fault(1, 5, 77), FrameFault::kind);
  EXPECT_EQ(fault(1, 7, 1), FrameFault::flags);
  EXPECT_EQ(read_frame(Bytes(corpus()[1]).first(kHeaderBytes + 33), frame), FrameFault::length);
  EXPECT_STREQ(frame_fault_name(FrameFault::replay), "replay");
}

TEST(Frame, RefusesNamesThatWouldHurtInALogOrUrl) {
  for (const char* name : {"a/b", "a b", "a\nb", "%00", "\"", "a:b"}) {
    EventRecord record = join_record();
    record.name = name;
    std::vector<std::uint8_t> bytes;
    write_event(record, bytes);
    Bytes rest = bytes;
    EXPECT_FALSE(take_event(rest, record)) << name;
  }
}

TEST(Frame, NeverReadsBeyondItsBytesWhateverTheyAre) {
  // Every truncation, every single-byte change, and 20,000 random mixtures; each copy is exactly as
  // long as its bytes, so that the address sanitizer sees any step beyond.
  SeededRandom random(11);
  std::size_t readable = 0;
  for (const auto& whole : corpus()) {
    for (std::size_t size = 0; size <= whole.size(); ++size)
      readable += read_all(std::vector<std::uint8_t>(whole.begin(), whole.begin() + long(size)));
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const int value : {0, 1, 0x7f, 0x80, 0xff}) {
        auto copy = whole;
        copy[at] = static_cast<std::uint8_t>(value);
        readable += read_all(copy);
      }
    }
    for (int round = 0; round < 20'000; ++round) {
      auto copy = whole;
      for (std::uint64_t n = random.u64() % 6; n > 0; --n)
        copy[random.u64() % copy.size()] = static_cast<std::uint8_t>(random.u64());
      copy.resize(copy.size() - random.u64() % 8);
      copy.shrink_to_fit();
      readable += read_all(copy);
    }
  }
  EXPECT_GT(readable, 1000U) << "the mutations must reach the record readers";
}

}  // namespace
}  // namespace gk::referee
