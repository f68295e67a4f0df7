// The rules by example. All histories: tests/arbiter.

#include "arbiter/rules/core.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "arbiter/rules/trace_check.h"
#include "arbiter/rules/trace_replay.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;
constexpr MonoTime t0{1h};

class CoreTest : public testing::Test {
 protected:
  TicketId ask(ActorId actor, MonoTime now, Nanos patience = 1h, LaneId where = LaneId(1)) {
    return core.request({.actor = actor, .lanes = {&where, 1}, .deadline = now + patience}, now)
        .value();
  }
  ActorId holder(LaneId where = LaneId(1)) const {
    const auto& hold = core.lanes()[where.value - 1].hold;
    return hold ? ActorId(hold->actor + 1U) : ActorId();
  }
  GrantRef grant(LaneId where = LaneId(1)) const {
    return {where, core.lanes()[where.value - 1].high};
  }
  void let_go(MonoTime now, LaneId where = LaneId(1)) {
    ASSERT_TRUE(core.release(grant(where), ShareId(1), now));
  }
  Decision decision_of(TicketId ticket) {
    for (const Decision& d : core.decisions()) {
      if (d.ticket == ticket) return d;
    }
    return {};
  }

  TraceRing ring{4096};
  Core core = Core::create({}, ring, t0).value();
  LaneId lane = core.add_lane({}, Token(), t0).value();
  LaneId other = core.add_lane({}, Token(), t0).value();
  ActorId fisher = core.add_actor({1, 60, {}}, t0).value();
  ActorId stacker = core.add_actor({1, 30, {}}, t0).value();
  ActorId trainer = core.add_actor({2, 80, {}}, t0).value();
};

TEST_F(CoreTest, ChoosesByPriorityAtTheMomentOfGrant) {
  ask(stacker, t0);
  ask(stacker, t0);
  ask(fisher, t0 + 1ms);
  ask(trainer, t0 + 900ms);  // comes while the lane is held
  let_go(t0 + 1s);
  EXPECT_FALSE(holder()) << "the head cools down and nobody slips in";
  EXPECT_LE(core.next_event(), t0 + 2s);
  core.poll(t0 + 2s - 1ns);
  EXPECT_FALSE(holder());
  core.poll(t0 + 2s);
  EXPECT_EQ(holder(), trainer);
}

TEST_F(CoreTest, AgingLetsALowActorPassAndBoundsItsWait) {
  ask(trainer, t0);
  const TicketId low = ask(stacker, t0);
  MonoTime now = t0;
  for (int i = 0; i < 200 && decision_of(low).outcome == Outcome::pending; ++i) {
    ask(trainer, now);  // there is always one of the higher
    now += 1s;
    let_go(now);
    core.poll(now + 1s);
    now += 1s;
  }
  EXPECT_EQ(decision_of(low).outcome, Outcome::granted);
  EXPECT_LE(now - t0, 53s) << "(80 - 30) steps, one turn";
}

TEST_F(CoreTest, AGroupKeepsTheLaneForABurstAndNoLonger) {
  const ActorId rival = core.add_actor({3, 60, {}}, t0).value();
  MonoTime now = t0;
  ask(fisher, now);
  std::vector<ActorId> order;
  const TicketId waiting = ask(rival, now);
  for (int i = 0; i < 8 && decision_of(waiting).outcome == Outcome::pending; ++i) {
    ask(fisher, now);
    order.push_back(holder());
    let_go(now);
    if (core.next_event() < now + 2s) now = core.next_event();
    core.poll(now);
  }
  EXPECT_EQ(order.size(), 4U) << "B grants in a row, then the oldest";
  EXPECT_EQ(holder(), rival);
}

TEST_F(CoreTest, APacedActorBlocksNobodyAndARateChangeAppliesAtOnce) {
  ASSERT_TRUE(core.set_actor(trainer, {2, 80, {1h, 0s}}, t0));
  ask(trainer, t0);
  let_go(t0);
  ask(trainer, t0);
  ask(fisher, t0);
  core.poll(t0 + 1s);
  EXPECT_EQ(holder(), fisher);
  let_go(t0 + 1s);
  ASSERT_TRUE(core.set_actor(trainer, {2, 80, {1ms, 0s}}, t0 + 1s));
  core.poll(t0 + 2s);
  EXPECT_EQ(holder(), trainer);
}

TEST_F(CoreTest, RenewsFreelyAloneAndNotPastTheHoldWhileOthersWait) {
  ask(fisher, t0);
  EXPECT_EQ(core.renew(grant(), t0 + 20s).value(), t0 + 50s);
  ask(trainer, t0 + 20s);
  EXPECT_EQ(core.renew(grant(), t0 + 21s).error().code, Errc::failed_precondition);
  core.poll(t0 + 50s);
  EXPECT_EQ(core.ended().back().reason, Reason::lease);
  EXPECT_FALSE(core.may_send(grant(), t0 + 50s));
  core.poll(t0 + 51s);
  EXPECT_EQ(holder(), trainer);
}

TEST_F(CoreTest, DeadOwnersFreeWhatTheyHeldAtOnce) {
  const Request held{
      .actor = fisher, .lanes = {&lane, 1}, .deadline = t0 + 1h, .owner = OwnerId(7)};
  (void)core.request(held, t0).value();
  const Token token = grant().token;
  const TicketId waits = core.request(held, t0).value();
  ask(stacker, t0);
  core.drop_owner(OwnerId(7), t0 + 1s);
  EXPECT_EQ(holder(), stacker) << "same group: no gap";
  EXPECT_EQ(decision_of(waits).reason, Reason::owner_gone);
  EXPECT_FALSE(core.may_send({lane, token}, t0 + 1s));
}

TEST_F(CoreTest, CrossingNestedWaitsWoundTheJuniorAndInheritanceReachesOtherLanes) {
  ask(stacker, t0, 1h, lane);
  ask(trainer, t0, 1h, other);
  const Request junior{
      .actor = stacker, .lanes = {&other, 1}, .deadline = t0 + 1h, .parent = grant(lane)};
  const TicketId waits = core.request(junior, t0).value();
  const ActorId boss = core.add_actor({0, 250, {}}, t0).value();
  ask(boss, t0, 1h, lane);
  EXPECT_EQ(core.effective_priority(*core.find(waits), t0), 250U);
  const Request senior{
      .actor = trainer, .lanes = {&lane, 1}, .deadline = t0 + 1h, .parent = grant(other)};
  const TicketId proceeds = core.request(senior, t0 + 1ms).value();
  EXPECT_EQ(decision_of(waits).reason, Reason::wounded);
  EXPECT_EQ(decision_of(proceeds).outcome, Outcome::pending);
  EXPECT_TRUE(core.wait_graph_is_acyclic());
}

TEST_F(CoreTest, RefusesAForeignWaitThatWouldCloseACycle) {
  ask(fisher, t0, 1h, lane);
  ask(trainer, t0, 1h, other);
  ASSERT_TRUE(core.foreign_hold(grant(lane), 99, t0));
  ASSERT_TRUE(core.foreign_wait(grant(other), 99, t0));
  const Request closing{
      .actor = fisher, .lanes = {&other, 1}, .deadline = t0 + 1h, .parent = grant(lane)};
  const TicketId ticket = core.request(closing, t0).value();
  EXPECT_EQ(decision_of(ticket).reason, Reason::would_cycle);
}

TEST_F(CoreTest, AcquireAllTakesBothOrWaitsAndIsNotStarved) {
  const std::array both{lane, other};
  ask(trainer, t0, 1h, lane);
  const TicketId all =
      core.request({.actor = fisher, .lanes = both, .deadline = t0 + 1h}, t0).value();
  ask(stacker, t0 + 1ms, 1h, other);  // lower: the free lane is reserved
  EXPECT_FALSE(holder(other));
  let_go(t0 + 1s, lane);
  core.poll(t0 + 2s);
  EXPECT_EQ(decision_of(all).lane_count, 2U);
  EXPECT_EQ(holder(other), fisher);
}

TEST_F(CoreTest, RefusalsAreTypedAndChangeNothing) {
  ask(fisher, t0);
  const auto before = core.digest();
  const auto error = [&](Request request) { return core.request(request, t0).error().code; };
  const std::array twice{lane, lane};
  const LaneId unknown(9);
  EXPECT_EQ(error({.actor = fisher, .lanes = {}, .deadline = t0 + 1s}), Errc::invalid_argument);
  EXPECT_EQ(error({.actor = fisher, .lanes = twice, .deadline = t0 + 1s}), Errc::invalid_argument);
  EXPECT_EQ(error({.actor = fisher, .lanes = {&unknown, 1}, .deadline = t0 + 1s}), Errc::not_found);
  EXPECT_EQ(error({.actor = ActorId(9), .lanes = {&lane, 1}, .deadline = t0 + 1s}),
            Errc::not_found);
  EXPECT_EQ(error({.actor = fisher, .lanes = {&lane, 1}, .deadline = t0}), Errc::deadline_exceeded);
  EXPECT_EQ(error({.actor = fisher, .lanes = {&lane, 1}, .deadline = t0 + 1s, .parent = grant()}),
            Errc::failed_precondition)
      << "holds it already";
  EXPECT_EQ(core.digest(), before);
  for (int i = 0; i < 64; ++i) ask(fisher, t0);
  EXPECT_EQ(error({.actor = fisher, .lanes = {&lane, 1}, .deadline = t0 + 1s}),
            Errc::resource_exhausted);
  EXPECT_EQ(core.status(lane, t0).counters.rejected, 1U);
}

TEST_F(CoreTest, OptionsOutsideTheirRangeAreNamed) {
  const auto message = [&](ArbiterOptions o) { return check_options(o).error().message; };
  EXPECT_EQ(message({.max_lanes = 0}), "max_lanes must be in [1, 4096]");
  EXPECT_EQ(message({.same_group_burst = 16}), "same_group_burst must be in [0, 15]");
  EXPECT_EQ(message({.trace_records = 100}), "trace_records must be a power of two");
  EXPECT_FALSE(check_options(LaneOptions{.max_hold = 0s}));
}

TEST_F(CoreTest, StatusShowsTheQueueWithPriorityEstimateAndBound) {
  ask(fisher, t0);
  ask(trainer, t0, 10s);
  ask(stacker, t0);
  const LaneStatus status = core.status(lane, t0 + 5s);
  EXPECT_EQ(status.holder, fisher);
  EXPECT_EQ(status.lease_left, 25s);
  EXPECT_EQ(status.effective_priority, 85U) << "inherited from the trainer, aged by 5";
  ASSERT_EQ(status.queue_size, 2U);
  EXPECT_EQ(status.queue[0].actor, trainer);
  EXPECT_EQ(status.queue[0].bound, t0 + 10s) << "its deadline";
  EXPECT_EQ(status.queue[1].effective_priority, 35U);
  // (80 - 30) A + 65 (Hmax + D) + 4 Hmax
  EXPECT_EQ(status.queue[1].bound, t0 + 50s + 65 * 31s + 120s);
  EXPECT_EQ(core.queue(lane, t0 + 5s).size(), 2U);
}

TEST_F(CoreTest, ALaneMayAgeFavourAndGroupInItsOwnWay) {
  const LaneOrder order{100ms, 0, 64, Grouping::off};
  const LaneId own = core.add_lane({1s, 30s, {}, order}, Token(), t0).value();
  ask(fisher, t0, 1h, own);
  const TicketId old = ask(stacker, t0, 1h, own);
  ask(trainer, t0 + 5100ms, 1h, own);  // 51 steps of 100 ms are more than 80 - 30
  let_go(t0 + 5100ms, own);
  EXPECT_FALSE(holder(own)) << "without groups there is a gap between fisher and stacker, too";
  core.poll(t0 + 6100ms);
  EXPECT_EQ(holder(own), stacker);
  EXPECT_EQ(decision_of(old).outcome, Outcome::granted);
}

TEST_F(CoreTest, ALaneMayHaveAShorterQueue) {
  const LaneId own = core.add_lane({1s, 30s, {}, LaneOrder{1s, 4, 1}}, Token(), t0).value();
  ask(fisher, t0, 1h, own);
  ask(stacker, t0, 1h, own);
  EXPECT_EQ(
      core.request({.actor = trainer, .lanes = {&own, 1}, .deadline = t0 + 1h}, t0).error().code,
      Errc::resource_exhausted);
}

TEST_F(CoreTest, RefusesAnOrderOutsideItsRange) {
  for (const LaneOrder& bad : {LaneOrder{0ms}, LaneOrder{1s, 16}, LaneOrder{1s, 4, 0}}) {
    EXPECT_EQ(core.set_lane(lane, {1s, 30s, {}, bad}, t0).error().code, Errc::invalid_argument);
  }
}

TEST_F(CoreTest, ALaneBegunAnewIsEmptyAndItsTokensGoOn) {
  ask(fisher, t0);
  const Token old = grant().token;
  EXPECT_EQ(core.renew_lane(lane, {}, Token(), t0).error().code, Errc::failed_precondition);
  let_go(t0 + 1s);
  ASSERT_TRUE(core.renew_lane(lane, {}, Token(), t0 + 1s));
  ask(trainer, t0 + 1s);
  EXPECT_EQ(holder(), trainer) << "no gap after the lane's last life";
  EXPECT_GT(grant().token, old);
  let_go(t0 + 2s);
  ASSERT_TRUE(core.renew_lane(lane, {}, Token(500), t0 + 2s));
  ask(fisher, t0 + 2s);
  EXPECT_EQ(grant().token, Token(501));
  EXPECT_EQ(core.status(lane, t0 + 2s).counters.granted, 1U);
}

TEST_F(CoreTest, ATraceOfLanesWithAnOrderOfTheirOwnIsCheckedAndReplayed) {
  const LaneOptions own{1s, 2s, {}, LaneOrder{50ms, 1, 8, Grouping::off}};
  ASSERT_TRUE(core.set_lane(lane, own, t0));
  MonoTime now = t0;
  const auto turns = [&](int n) {
    for (int i = 0; i < n; ++i) {
      ask(fisher, now, 20s);
      ask(stacker, now + 10ms, 20s);
      now += 700ms;
      if (holder()) let_go(now);
      core.poll(now);
    }
  };
  turns(6);
  ASSERT_TRUE(core.set_lane(lane, {1s, 2s, {}}, now));  // as the arbiter again
  turns(6);
  now += 60s;
  core.poll(now);
  ASSERT_TRUE(core.renew_lane(lane, own, Token(900), now));
  turns(6);
  const auto trace = ring.snapshot();
  const auto report = check_trace(trace).value();
  for (const std::string& breach : report.breaches) ADD_FAILURE() << breach;
  EXPECT_GT(report.order_checked, 12U);
  const auto again = replay(trace, {}).value();
  EXPECT_TRUE(again.same) << again.difference << ": " << again.explanation;
  EXPECT_EQ(again.digest, core.digest());
  // The planted bug: the arbiter's own options would have been another history.
  auto forged = trace;
  std::erase_if(forged, [](const auto& r) { return r.event == TraceEvent::order_lane; });
  EXPECT_FALSE(check_trace(forged)->breaches.empty());
}

}  // namespace
}  // namespace gk::arbiter
