// core_fast.cc: how a lane moves between Core and the lock-free fast path of arbiter.cc.
//
// An idle lane is parked: the fast path grants and releases it alone, with one trace record. The
// first rival, and every command that is not a plain acquire, takes it back.

#include <algorithm>

#include "arbiter/rules/core.h"
#include "base/assert.h"

namespace gk::arbiter {

bool Core::can_park(LaneId id) const {
  const Lane& lane = lanes_[id.value - 1];
  return !lane.parked && !lane.hold && lane.queue.empty() && lane.gcra.off() && !closed_ &&
         lane.order.grouping == options_.grouping;  // the fast path knows the arbiter's groups
}

ParkedLane Core::park(LaneId id) {
  Lane& lane = lanes_[id.value - 1];
  lane.parked = true;
  next_[id.value - 1] = MonoTime::max();
  return {lane.high, ActorId(lane.last_actor), lane.burst, lane.last_end};
}

void Core::unpark(LaneId id, const ParkedLane& state) {
  Lane& lane = lanes_[id.value - 1];
  GK_ASSERT(lane.parked && state.high >= lane.high);  // only the fast path moved it
  lane.parked = false;
  lane.counters.granted += state.high.value - lane.high.value;
  lane.high = state.high;
  lane.last_actor = static_cast<std::uint16_t>(state.last_actor.value);
  lane.burst = state.burst;
  lane.last_end = state.last_end;
}

void Core::adopt(LaneId id, ActorId actor, MonoTime start, MonoTime now) {
  const auto index = static_cast<std::uint16_t>(id.value - 1);
  Lane& lane = lanes_[index];
  GK_ASSERT(!lane.hold && !lane.parked);  // just unparked
  const auto place = static_cast<std::uint16_t>(actor.value - 1);
  lane.burst = hold_burst(lane, place);
  lane.last_actor = static_cast<std::uint16_t>(actor.value);
  lane.high = Token(lane.high.value + 1);
  ++lane.counters.granted;
  const TicketId ticket(++last_seq_ << 16 | kNoSlot);  // never waits, so it needs no slot
  const Slot chain = new_chain(ticket, actors_[place].config.priority);
  chains_[chain].lanes[0] = index;
  chains_[chain].held = 1;
  lane.hold =
      Hold{ticket, lane.high, OwnerId(), start, start + lane.options.max_hold, chain, place};
  lane.shares.assign(1, 1);
  lane.next_share = 2;
  lane.gcra.take(start);
  actors_[place].gcra.take(start);
  record(TraceEvent::adopted, index, *lane.hold, 0, start.time_since_epoch().count(), now);
  touch(index);
  next_[index] = next_of(lane, now);
}

void Core::replay_fast_hold(LaneId id, ActorId actor, MonoTime start, MonoTime end) {
  Lane& lane = lanes_[id.value - 1];
  GK_ASSERT(!lane.hold && !lane.parked);  // the replay checks before it calls
  const auto place = static_cast<std::uint16_t>(actor.value - 1);
  lane.burst = hold_burst(lane, place);
  lane.last_actor = static_cast<std::uint16_t>(actor.value);
  lane.high = Token(lane.high.value + 1);
  lane.last_end = end;
  ++lane.counters.granted;
  TraceRecord r;
  r.event = TraceEvent::fast_hold;
  r.time = end;
  r.lane = static_cast<std::uint32_t>(id.value);
  r.actor = lane.last_actor;
  r.token = lane.high.value;
  r.value = (end - start).count();
  r.until = end.time_since_epoch().count();
  trace_->push(r);
}

}  // namespace gk::arbiter
