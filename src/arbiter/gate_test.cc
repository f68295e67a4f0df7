#include "arbiter/gate.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "arbiter/rules/trace_check.h"
#include "arbiter/rules/trace_replay.h"
#include "testing/seeded_random.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;

constexpr LaneOptions kQuick{0ms, 200ms, {}};

class GateTest : public testing::Test {
 protected:
  void start(ArbiterOptions options) {
    options.trace_records = 1U << 16;
    gate = Gate::create(options, clock).value();
    fisher = gate->actor("fisher").value();
    trainer = gate->actor("trainer").value();
  }
  void SetUp() override { start({}); }

  /// The trace keeps every rule, and follows from its own inputs.
  void expect_clean_trace(const ArbiterOptions& options = {}) {
    const auto trace = gate->trace();
    const auto report = check_trace(trace, {.lateness = 50ms}).value();
    for (const std::string& breach : report.breaches) ADD_FAILURE() << breach;
    ArbiterOptions same = options;
    same.trace_records = 1U << 16;
    const auto again = replay(trace, same).value();
    EXPECT_TRUE(again.same) << again.difference << ": " << again.explanation;
  }
  MonoTime in(Nanos time) const { return gate->now() + time; }

  SystemClock clock;
  std::unique_ptr<Gate> gate;
  ActorId fisher, trainer;
};

TEST_F(GateTest, GrantsAFreeLaneWithoutCoreAndTracesOneRecord) {
  const LaneId lane = gate->add_lane("a", kQuick, Token(7)).value();
  const std::size_t before = gate->trace().size();
  {
    auto grant = gate->acquire(lane, fisher, in(1s)).value();
    EXPECT_EQ(grant.token(), Token(8));
    EXPECT_EQ(gate->status(lane).holder, fisher);
    EXPECT_FALSE(gate->try_acquire(lane, trainer));
  }
  {
    auto grant = gate->acquire(lane, fisher, in(1s)).value();
  }
  const auto trace = gate->trace();
  EXPECT_EQ(trace.back().event, TraceEvent::fast_hold);
  EXPECT_EQ(trace.back().token, 9U);
  EXPECT_GT(trace.size(), before);
  expect_clean_trace();
}

TEST_F(GateTest, TimesOutWithoutRunningTheBody) {
  const LaneId lane = gate->add_lane("a", kQuick, {}).value();
  auto held = gate->acquire(lane, fisher, in(1s)).value();
  const MonoTime begin = gate->now();
  const auto refused = gate->acquire(lane, trainer, in(20ms));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::deadline_exceeded);
  EXPECT_GE(gate->now() - begin, 20ms);
  EXPECT_EQ(gate->status(lane).counters.timed_out, 1U);
  held.release();
  expect_clean_trace();
}

TEST_F(GateTest, KeepsTheGapBetweenGroupsAndNotWithinOne) {
  const LaneId lane = gate->add_lane("a", {30ms, 200ms, {}}, {}).value();
  const ActorId stacker = gate->actor("stacker").value();  // fisher's group
  gate->acquire(lane, fisher, in(1s)).value().release();
  const MonoTime first = gate->now();
  gate->acquire(lane, stacker, in(1s)).value().release();
  EXPECT_LT(gate->now() - first, 25ms);
  const MonoTime ended = gate->trace().back().time;
  auto other = gate->acquire(lane, trainer, in(1s)).value();
  EXPECT_GE(gate->now() - ended, 30ms);
  other.release();
  expect_clean_trace();
}

TEST_F(GateTest, EndsAHungGrantAndRefusesItsBytes) {
  const LaneId lane = gate->add_lane("a", {0ms, 30ms, {}}, {}).value();
  std::vector<Token> sent;
  ASSERT_TRUE(gate->set_sink(lane, [&](Token token, std::span<const std::byte>) -> Result<void> {
    sent.push_back(token);
    return {};
  }));
  auto hung = gate->acquire(lane, fisher, in(1s)).value();
  EXPECT_TRUE(hung.send({}));
  auto next = gate->acquire(lane, trainer, in(5s)).value();
  EXPECT_EQ(hung.send({}).error().code, Errc::failed_precondition);
  EXPECT_TRUE(next.send({}));
  EXPECT_EQ(sent, (std::vector<Token>{hung.token(), next.token()}));
  EXPECT_EQ(gate->status(lane).counters.stale_sends, 1U);
  EXPECT_EQ(gate->status(lane).counters.expired, 1U);
  next.release();
  EXPECT_EQ(next.send({}).error().code, Errc::not_found);
  hung.release();
  expect_clean_trace();
}

TEST_F(GateTest, SharesEndTheGrantWithTheLast) {
  const LaneId lane = gate->add_lane("a", kQuick, {}).value();
  auto root = gate->acquire(lane, fisher, in(1s)).value();
  auto share = root.sub().value();
  root.release();
  EXPECT_EQ(gate->status(lane).holder, fisher);
  EXPECT_TRUE(share.renew());
  share.release();
  EXPECT_FALSE(gate->status(lane).holder);
  expect_clean_trace();
}

TEST_F(GateTest, CallsBackOnceAndCancelEndsTheWait) {
  const LaneId lane = gate->add_lane("a", kQuick, {}).value();
  auto held = gate->acquire(lane, fisher, in(1s)).value();
  std::vector<std::string> calls;
  const auto note = [&](Result<Grant> grant) {
    calls.push_back(grant ? "granted" : errc_name(grant.error().code));
  };
  const Request request{.actor = trainer, .lanes = {&lane, 1}, .deadline = in(5s)};
  const TicketId first = gate->acquire_async(request, note).value();
  ASSERT_TRUE(gate->acquire_async(request, note));
  ASSERT_TRUE(gate->cancel(first));
  EXPECT_FALSE(gate->cancel(first));
  held.release();
  EXPECT_EQ(calls, (std::vector<std::string>{"cancelled", "granted"}));
  expect_clean_trace();
}

TEST_F(GateTest, TakesSeveralLanesOrNone) {
  const std::array lanes{gate->add_lane("a", kQuick, {}).value(),
                         gate->add_lane("b", kQuick, {}).value()};
  auto one = gate->acquire(lanes[1], fisher, in(1s)).value();
  EXPECT_FALSE(gate->acquire_all(lanes, trainer, in(20ms)));
  EXPECT_FALSE(gate->status(lanes[0]).holder);
  one.release();
  const auto both = gate->acquire_all(lanes, trainer, in(1s)).value();
  EXPECT_EQ(both.size(), 2U);
  EXPECT_EQ(gate->status(lanes[0]).holder, trainer);
}

TEST_F(GateTest, NestedWaitsThatCrossDoNotDeadlock) {
  const LaneId a = gate->add_lane("a", kQuick, {}).value();
  const LaneId b = gate->add_lane("b", kQuick, {}).value();
  std::atomic<int> holding{0}, done{0};
  const auto cross = [&](LaneId first, LaneId second, ActorId actor) {
    auto outer = gate->acquire(first, actor, in(1s)).value();
    holding.fetch_add(1);
    while (holding.load() < 2) std::this_thread::yield();
    auto inner = gate->acquire_nested(outer, second, in(5s));
    if (inner) done.fetch_add(1);
    EXPECT_TRUE(inner || inner.error().code == Errc::cancelled);
  };
  std::thread other([&] { cross(a, b, fisher); });
  cross(b, a, trainer);
  other.join();
  EXPECT_EQ(done.load(), 1) << "one proceeds, the other gives way";
  expect_clean_trace();
}

TEST_F(GateTest, ShutdownRejectsThoseThatWait) {
  const LaneId lane = gate->add_lane("a", kQuick, {}).value();
  auto held = gate->acquire(lane, fisher, in(1s)).value();
  std::thread waiting(
      [&] { EXPECT_EQ(gate->acquire(lane, trainer, in(10s)).error().code, Errc::cancelled); });
  while (gate->status(lane).depth == 0) std::this_thread::yield();
  gate->shutdown();
  waiting.join();
  EXPECT_EQ(gate->acquire(lane, trainer, in(1s)).error().code, Errc::cancelled);
  held.release();
}

/// 64 threads on 3 lanes: every way in and out, hung holders, shares and stale bytes.
class Crowd {
 public:
  Crowd(Gate& gate, std::span<const LaneId> lanes, std::span<const ActorId> actors)
      : gate_(gate), lanes_(lanes), actors_(actors) {}

  void work(std::uint64_t seed) {
    SeededRandom random(seed);
    for (int i = 0; i < 60; ++i) {
      const std::size_t at = random.below(lanes_.size());
      const ActorId actor = actors_[random.below(actors_.size())];
      const std::uint64_t kind = random.below(10);
      const MonoTime deadline = gate_.now() + Micros(200 + 100 * random.below(200));
      if (kind < 7) {
        auto grant = gate_.acquire(lanes_[at], actor, deadline);
        if (grant) use(*grant, at, random);
      } else if (kind < 9) {
        auto grant = gate_.try_acquire(lanes_[at], actor);
        if (grant) use(*grant, at, random);
      } else {
        auto all = gate_.acquire_all(lanes_, actor, deadline);
        if (all) use((*all)[at], at, random);
      }
    }
  }

  void use(Grant& grant, std::size_t at, SeededRandom& random) {
    const std::uint64_t kind = random.below(16);
    if (kind == 0) (void)grant.renew();
    if (kind == 1) {
      auto share = grant.sub();
      if (share) (void)share->send({});
    }
    if (grant.send({})) {
      accepted_.fetch_add(1);
    }
    if (kind == 2) {  // hung: longer than the lease
      const MonoTime until = gate_.now() + 3ms;
      while (gate_.now() < until) std::this_thread::yield();
      const bool mine = gate_.status(lanes_[at]).token == grant.token();
      if (grant.send({}) && !mine) stale_.fetch_add(1);
    }
  }

  std::atomic<std::uint64_t> accepted_{0}, stale_{0};

 private:
  Gate& gate_;
  std::span<const LaneId> lanes_;
  std::span<const ActorId> actors_;
};

TEST_F(GateTest, SixtyFourThreadsAreNeverTwoInsideAndNoStaleSendPasses) {
  ArbiterOptions options;
  options.max_waiting = 128;
  options.aging_step = 1ms;
  start(options);
  const LaneOptions quick{50us, 2ms, {}};
  const std::array lanes{gate->add_lane("a", quick, {}).value(),
                         gate->add_lane("b", {0us, 2ms, {}}, {}).value(),
                         gate->add_lane("c", {0us, 2ms, {100us, 300us}}, {}).value()};
  const std::array actors{fisher, trainer, gate->actor("stacker").value(),
                          gate->set_actor("slow", {"", 90, {200us, 200us}}).value()};
  std::array<std::atomic<int>, 3> inside{};
  std::array<std::atomic<std::uint64_t>, 3> highest{};
  std::atomic<int> overlaps{0}, backwards{0};
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    ASSERT_TRUE(
        gate->set_sink(lanes[i], [&, i](Token token, std::span<const std::byte>) -> Result<void> {
          if (inside[i].fetch_add(1) != 0) overlaps.fetch_add(1);
          if (token.value < highest[i].exchange(token.value)) backwards.fetch_add(1);
          inside[i].fetch_sub(1);
          return {};
        }));
  }
  Crowd crowd(*gate, lanes, actors);
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 64; ++i) threads.emplace_back([&, i] { crowd.work(i + 1); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(overlaps.load(), 0);
  EXPECT_EQ(backwards.load(), 0) << "an older token reached the sink after a newer one";
  EXPECT_EQ(crowd.stale_.load(), 0U);
  EXPECT_GT(crowd.accepted_.load(), 50U) << "the crowd got nothing done";
  expect_clean_trace(options);
}

}  // namespace
}  // namespace gk::arbiter
