#include "referee/service/ingest.h"

#include <cmath>
#include <limits>

#include "referee/service/judge_fixture_test.h"

namespace gk::referee {
namespace {

class IngestTest : public JudgeTest {
 protected:
  MoveRecord record(std::uint32_t handle, std::uint32_t sequence, float x) const {
    MoveRecord r;
    r.handle = handle;
    r.move.sequence = sequence;
    r.move.client_us = 50'000LL * sequence;
    r.move.position = {x, 0, 0};
    return r;
  }
  static EventRecord joining(std::uint32_t handle, std::string_view name) {
    EventRecord join;
    join.kind = EventKind::join;
    join.handle = handle;
    join.profile = walker();
    join.name = name;
    return join;
  }
  void join_linked(std::uint32_t handle, std::string_view name) {
    builder.begin(FrameKind::events);
    builder.add(joining(handle, name));
    EXPECT_TRUE(ingest.take_linked(builder.finish(), link, at(0)).empty()) << "nothing to answer";
  }
  /// The lines of an answer.
  static std::vector<VerdictLine> lines(Bytes answer) {
    std::vector<VerdictLine> out;
    FrameView frame;
    if (answer.empty() || read_frame(answer, frame) != FrameFault::none) return out;
    if (frame.header.kind != FrameKind::verdicts) return out;
    for (std::size_t i = 0; i < frame.payload.size() / kVerdictBytes; ++i)
      out.push_back(read_verdict(frame.payload, i));
    return out;
  }
  SenderLink link{"ws-bot:"};
  FrameBuilder builder;
};

TEST_F(IngestTest, AnswersWithSetBacksOnly) {
  join_linked(3, "bob");
  EXPECT_TRUE(judge.find("ws-bot:bob").has_value());
  builder.set_time(1'000'000);
  builder.begin(FrameKind::moves);
  for (std::uint32_t i = 1; i <= 20; ++i) {
    MoveRecord r = record(3, i, 0.2F * static_cast<float>(i));
    r.offset_us = static_cast<std::int32_t>(50'000 * i);
    builder.add(r);
  }
  EXPECT_TRUE(ingest.take_linked(builder.finish(), link, at(0)).empty());
  EXPECT_EQ(judge.stats().events, 20U);
  builder.begin(FrameKind::moves);
  MoveRecord jump = record(3, 21, 900);
  jump.offset_us = 50'000 * 21;
  builder.add(jump);
  const auto answer = lines(ingest.take_linked(builder.finish(), link, at(0)));
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_EQ(answer[0].handle, 3U);
  EXPECT_EQ(answer[0].sequence, 21U);
  EXPECT_EQ(answer[0].outcome, MoveOutcome::rejected);
  EXPECT_FLOAT_EQ(answer[0].set_back.x, 4);
}

TEST_F(IngestTest, TheSendersClockGivesExactIntervalsWhateverTheDatagramsDid) {
  // All frames are read at one moment; the sender's times are 50 ms apart.
  join_linked(1, "bob");
  int refused = 0;
  for (std::uint32_t i = 1; i <= 400; ++i) {
    builder.set_time(50'000LL * i);
    builder.begin(FrameKind::moves);
    builder.add(record(1, i, 0.25F * static_cast<float>(i)));
    refused += static_cast<int>(lines(ingest.take_linked(builder.finish(), link, at(0))).size());
  }
  EXPECT_EQ(refused, 0);
}

TEST_F(IngestTest, AnswersUnknownHandlesAndBadNumbersAndGrantsNothing) {
  join_linked(1, "bob");
  builder.begin(FrameKind::moves);
  builder.add(record(1, 1, 0));
  builder.add(record(2, 1, 0));
  builder.add(record(4'000'000'000, 1, 0));
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F})
    builder.add(record(1, 2, bad));
  const auto answer = lines(ingest.take_linked(builder.finish(), link, at(0)));
  ASSERT_EQ(answer.size(), 5U);
  EXPECT_EQ(answer[0].outcome, MoveOutcome::unknown_player);
  EXPECT_EQ(answer[1].outcome, MoveOutcome::unknown_player);
  for (std::size_t i = 2; i < 5; ++i) EXPECT_EQ(answer[i].outcome, MoveOutcome::invalid);
  EXPECT_EQ(judge.stats().invalid, 3U);
  EXPECT_EQ(ingest.stats().unknown_handles, 2U);
  EXPECT_FLOAT_EQ(judge.view("ws-bot:bob", at(1))->status.position.x, 0);
}

TEST_F(IngestTest, TakesEveryDeclaration) {
  join_linked(1, "bob");
  builder.begin(FrameKind::moves);
  builder.add(record(1, 1, 0));
  (void)ingest.take_linked(builder.finish(), link, at(50'000));
  builder.begin(FrameKind::events);
  for (const EventKind kind :
       {EventKind::teleport, EventKind::speed, EventKind::knockback, EventKind::frozen,
        EventKind::vehicle, EventKind::rtt, EventKind::tick, EventKind::claim, EventKind::free}) {
    EventRecord event = joining(1, "bob");
    event.kind = kind;
    event.on = true;
    event.number = 2;
    event.duration_us = 30'000;
    event.vector = {700, 0, 0};
    builder.add(event);
  }
  EXPECT_TRUE(ingest.take_linked(builder.finish(), link, at(60'000)).empty());
  EXPECT_EQ(judge.view("ws-bot:bob", at(60'000))->rtt_ms, 30);
  builder.begin(FrameKind::moves);
  builder.add(record(1, 2, 700));
  EXPECT_TRUE(ingest.take_linked(builder.finish(), link, at(100'000)).empty()) << "it was declared";
  builder.begin(FrameKind::events);
  EventRecord leave = joining(1, "");
  leave.kind = EventKind::leave;
  builder.add(leave);
  EXPECT_TRUE(ingest.take_linked(builder.finish(), link, at(110'000)).empty());
  EXPECT_FALSE(judge.find("ws-bot:bob").has_value());
}

TEST_F(IngestTest, SaysWhyAFrameWasNotRead) {
  builder.begin(FrameKind::moves);
  builder.add(record(1, 1, 0));
  std::vector<std::uint8_t> cut(builder.finish().begin(), builder.finish().end() - 1);
  FrameView answer;
  ASSERT_EQ(read_frame(ingest.take_linked(cut, link, at(0)), answer), FrameFault::none);
  EXPECT_EQ(answer.header.kind, FrameKind::refused);
  EXPECT_EQ(answer.payload[0], static_cast<std::uint8_t>(FrameFault::length));
  EXPECT_EQ(ingest.stats().faults[static_cast<std::size_t>(FrameFault::length)], 1U);
}

TEST_F(IngestTest, AUnixSenderIsWhoTheKernelSays) {
  builder.begin(FrameKind::events);
  builder.add(joining(1, "bob"));
  const Bytes frame = builder.finish();
  EXPECT_TRUE(ingest.take_unix(frame, 666, "/tmp/x", at(0)).empty());
  EXPECT_TRUE(ingest.take_unix(frame, std::nullopt, "/tmp/x", at(0)).empty());
  EXPECT_EQ(ingest.stats().faults[static_cast<std::size_t>(FrameFault::uid)], 2U);
  EXPECT_TRUE(judge.names().empty());
  (void)ingest.take_unix(frame, 1000, "/tmp/x", at(0));
  (void)ingest.take_unix(frame, 0, "/tmp/y", at(0));
  (void)ingest.take_unix(frame, 1234, "/tmp/x", at(0));
  EXPECT_EQ(judge.names(), (std::vector<std::string>{"local:bob", "uid1234:bob"}));
}

TEST_F(IngestTest, ForgedUdpFramesAreCountedAndNeverAnswered) {
  const Source source{.number = 1, .name = "arena", .address = "192.0.2.1", .key = {5}};
  ingest.sources().set({source});
  FrameBuilder sender(1, source.key);
  sender.begin(FrameKind::hello);
  FrameView welcome;
  ASSERT_EQ(read_frame(ingest.take_udp(sender.finish(), "192.0.2.1", at(0)), welcome),
            FrameFault::none);
  ASSERT_EQ(welcome.header.kind, FrameKind::welcome);
  EXPECT_TRUE(welcome.header.tagged);
  sender.set_session(welcome.header.session);
  sender.begin(FrameKind::events);
  sender.add(joining(1, "bob"));
  const Bytes made = sender.finish();
  const std::vector<std::uint8_t> good(made.begin(), made.end());
  EXPECT_TRUE(ingest.take_udp(good, "192.0.2.9", at(0)).empty());
  auto forged = good;
  forged.back() ^= 1;
  EXPECT_TRUE(ingest.take_udp(forged, "192.0.2.1", at(0)).empty());
  EXPECT_TRUE(judge.names().empty());
  (void)ingest.take_udp(good, "192.0.2.1", at(0));
  EXPECT_EQ(judge.names(), std::vector<std::string>{"arena:bob"});
  (void)ingest.take_udp(good, "192.0.2.1", at(0));
  EXPECT_EQ(ingest.stats().faults[static_cast<std::size_t>(FrameFault::replay)], 1U);
  FrameBuilder stranger(1, source.key);
  stranger.set_session(99);
  stranger.begin(FrameKind::moves);
  FrameView refused;
  ASSERT_EQ(read_frame(ingest.take_udp(stranger.finish(), "192.0.2.1", at(0)), refused),
            FrameFault::none);
  EXPECT_EQ(refused.payload[0], static_cast<std::uint8_t>(FrameFault::session))
      << "its tag is right: it may know that it must say hello";
}

TEST_F(IngestTest, AnswersOfManyBadEventsStillFitADatagram) {
  builder.begin(FrameKind::events);
  EventRecord leave;
  leave.kind = EventKind::leave;
  while (builder.size() + 12 <= kMaxFrameBytes) builder.add(leave);
  const Bytes answer = ingest.take_linked(builder.finish(), link, at(0));
  EXPECT_LE(answer.size(), kMaxFrameBytes);
  EXPECT_GT(lines(answer).size(), 2000U);
}

TEST_F(IngestTest, MangledFramesNeverCarryAPlayerFartherThanTheBound) {
  join_linked(1, "bob");
  SeededRandom chance(21);
  builder.begin(FrameKind::moves);
  for (std::uint32_t i = 1; i <= 8; ++i) builder.add(record(1, i, 0.1F));
  const std::vector<std::uint8_t> whole(builder.finish().begin(), builder.finish().end());
  (void)ingest.take_linked(whole, link, at(0));
  std::int64_t now_us = 0;
  for (int round = 0; round < 30'000; ++round) {
    auto frame = whole;
    for (std::uint64_t n = 1 + chance.u64() % 8; n > 0; --n)
      frame[8 + chance.u64() % (frame.size() - 8)] = static_cast<std::uint8_t>(chance.u64());
    frame[6] = 0;  // Arrival counts: the sender's own clock would be believed, it is the server's.
    now_us += 1000;
    (void)ingest.take_linked(frame, link, at(now_us));
  }
  const auto view = judge.view("ws-bot:bob", at(now_us));
  ASSERT_TRUE(view.has_value());
  EXPECT_GT(judge.stats().events, 100'000U);
  // v * (t * 1.015 + 1.005 * 3 + .15), in a plane.
  const double bound = 5 * (static_cast<double>(now_us) / 1e6 * 1.015 + 3.165) + 0.2;
  EXPECT_LE(std::hypot(view->status.position.x, view->status.position.y), bound);
}

TEST_F(IngestTest, AMillionMovementsAtOnceAreJudgedOrRefusedAndTheTableStaysBounded) {
  for (std::uint32_t i = 0; i < 40; ++i) {
    builder.begin(FrameKind::events);
    builder.add(joining(i, "p" + std::to_string(i)));
    (void)ingest.take_linked(builder.finish(), link, at(0));
  }
  EXPECT_EQ(judge.names().size(), 16U);
  std::uint64_t sent = 0;
  for (std::uint32_t sequence = 1; sent < 1'000'000; ++sequence) {
    builder.begin(FrameKind::moves);
    for (std::uint32_t i = 0; i < 2000; ++i, ++sent)
      builder.add(record(i % 50, sequence * 100 + i / 50, 0.1F));
    (void)ingest.take_linked(builder.finish(), link, at(1000));
  }
  const JudgeStats& stats = judge.stats();
  EXPECT_EQ(stats.events + ingest.stats().unknown_handles, 1'000'000U);
  EXPECT_GT(stats.rejections[static_cast<std::size_t>(RefereeRule::rate)], 100'000U)
      << "a flood is refused";
  EXPECT_LE(judge.verdicts().size(), 200U);
  EXPECT_LE(judge.take_digest().rejected.size(), 256U);
}

}  // namespace
}  // namespace gk::referee
