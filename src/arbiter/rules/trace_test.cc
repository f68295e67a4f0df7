#include "arbiter/rules/trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "arbiter/rules/core.h"
#include "arbiter/rules/trace_check.h"
#include "arbiter/rules/trace_replay.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;
constexpr MonoTime t0{1h};

TraceRecord numbered(std::uint64_t n) {
  TraceRecord record;
  record.event = TraceEvent::granted;
  record.ticket = n;
  record.token = n * 3;
  return record;
}

TEST(TraceRing, KeepsTheNewestAndSkipsVoidPlaces) {
  TraceRing ring(16);
  for (std::uint64_t i = 0; i < 40; ++i) ring.push(numbered(i));
  ring.discard(ring.reserve());
  (void)ring.reserve();  // taken, never filled
  const auto records = ring.snapshot();
  ASSERT_EQ(records.size(), 14U);
  EXPECT_EQ(records.front().ticket, 26U);
  EXPECT_EQ(records.back().ticket, 39U);
}

TEST(TraceRing, AReaderNeverSeesHalfARecordBesideWriters) {
  TraceRing ring(64);
  std::vector<std::thread> writers;
  for (std::uint64_t w = 0; w < 3; ++w) {
    writers.emplace_back([&, w] {
      for (std::uint64_t i = 0; i < 3000; ++i) ring.push(numbered(i * 4 + w));
    });
  }
  for (int i = 0; i < 200; ++i) {
    for (const TraceRecord& record : ring.snapshot()) EXPECT_EQ(record.token, record.ticket * 3);
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(ring.written(), 9000U);
}

TEST(Trace, NamesEveryEvent) {
  EXPECT_EQ(trace_event_name(TraceEvent::config), "config");
  EXPECT_EQ(trace_event_name(TraceEvent::closed), "closed");
  EXPECT_EQ(trace_event_name(static_cast<TraceEvent>(200)), "unknown");
  EXPECT_NE(to_text(numbered(5)).find("granted"), std::string::npos);
}

/// A short history: two actors, one hand-over.
std::vector<TraceRecord> history() {
  TraceRing ring(256);
  ArbiterOptions options;
  Core core = Core::create(options, ring, t0).value();
  const LaneId lane = core.add_lane({}, Token(10), t0).value();
  const ActorId a = core.add_actor({0, 60, {}}, t0).value();
  const ActorId b = core.add_actor({0, 80, {}}, t0).value();
  (void)core.request({.actor = a, .lanes = {&lane, 1}, .deadline = t0 + 30s}, t0).value();
  (void)core.request({.actor = b, .lanes = {&lane, 1}, .deadline = t0 + 30s}, t0 + 1s).value();
  (void)core.release({lane, Token(11)}, ShareId(1), t0 + 2s);
  core.poll(t0 + 3s);
  return ring.snapshot();
}

TEST(TraceCheck, AcceptsAGoodHistoryAndItsReplayIsTheSame) {
  const auto report = check_trace(history()).value();
  EXPECT_TRUE(report.breaches.empty());
  EXPECT_EQ(report.grants, 2U);
  EXPECT_EQ(report.longest_wait, 2s);
  EXPECT_TRUE(replay(history(), {}).value().same);
}

TEST(TraceCheck, FindsARecordThatWasChanged) {
  auto early = history();
  early.back().time -= 500ms;  // the hand-over, before the gap is over
  const auto report = check_trace(early).value();
  EXPECT_TRUE(std::any_of(report.breaches.begin(), report.breaches.end(),
                          [](const auto& breach) { return breach.starts_with("rule 4"); }));
  auto reused = history();
  reused.back().token = 11;
  EXPECT_TRUE(check_trace(reused).value().breaches[0].starts_with("rule 7"));
  EXPECT_FALSE(replay(reused, {}).value().same);
}

TEST(TraceReplay, RefusesWhatNoArbiterWrites) {
  EXPECT_FALSE(replay({}, {}));
  auto cut = history();
  cut.erase(cut.begin());
  EXPECT_EQ(replay(cut, {}).error().code, Errc::invalid_argument);
  EXPECT_EQ(check_trace(cut).error().code, Errc::invalid_argument);
  auto backwards = history();
  backwards[7].time -= 1h;  // the first request
  EXPECT_FALSE(replay(backwards, {}));
  for (const TraceEvent event : {TraceEvent::fast_hold, TraceEvent::adopted, TraceEvent::released,
                                 TraceEvent::queued, TraceEvent::config_lane}) {
    auto foreign = history();
    foreign.back() = TraceRecord{};
    foreign.back().event = event;
    foreign.back().time = t0 + 3s;
    foreign.back().lane = 77;
    EXPECT_FALSE(replay(foreign, {}));
  }
}

TEST(TraceReplay, SurvivesAnyByteOfAnyRecordBeingWrong) {
  const auto good = history();
  for (std::size_t i = 1; i < good.size(); ++i) {
    for (std::size_t byte = 0; byte < sizeof(TraceRecord); ++byte) {
      auto bad = good;
      reinterpret_cast<unsigned char*>(&bad[i])[byte] ^= 0x5a;
      (void)replay(bad, {});  // neither may end the process
      (void)check_trace(bad, {});
    }
  }
}

}  // namespace
}  // namespace gk::arbiter
