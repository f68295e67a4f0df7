// core_choose.cc: who is granted next, and when: rules 2 (order), 3 (aging), 4 (spacing) and
// 5 (pacing), and what is due by the passing of time.

#include <algorithm>

#include "arbiter/rules/core.h"
#include "base/assert.h"

namespace gk::arbiter {

void Core::touch(std::uint16_t lane) {
  if (lanes_[lane].dirty) return;
  lanes_[lane].dirty = true;
  dirty_.push_back(lane);
}

void Core::touch_all_waiting() {
  for (std::uint16_t i = 0; i < lanes_.size(); ++i) {
    if (!lanes_[i].queue.empty()) touch(i);
  }
}

void Core::poll(MonoTime now) { advance(now); }

MonoTime Core::next_event() const {
  MonoTime next = MonoTime::max();
  for (const MonoTime at : next_) next = std::min(next, at);
  return next;
}

void Core::advance(MonoTime now) {
  GK_ASSERT(now >= last_now_);  // callers read the clock under their lock
  last_now_ = now;
  if (nested_waiting_ > 0) refresh_inheritance(now);  // records show it as it is now
  for (std::uint16_t i = 0; i < lanes_.size(); ++i) {
    if (next_[i] <= now) due(i, now);
  }
  if (!dirty_.empty() || nested_waiting_ > 0) settle(now);
}

void Core::due(std::uint16_t index, MonoTime now) {
  Lane& lane = lanes_[index];
  touch(index);
  if (!GK_MUTANT(grant_after_deadline)) {
    for (std::size_t i = lane.queue.size(); i-- > 0;) {
      // end_ticket() takes one out; a ticket of several lanes may be gone from here already.
      if (i < lane.queue.size() && tickets_[lane.queue[i]].deadline <= now) {
        end_ticket(lane.queue[i], Outcome::timeout, Reason::deadline, now);
      }
    }
  }
  if (lane.hold && lane.hold->expires <= now && !GK_MUTANT(lease_never_ends)) {
    end_hold(index, TraceEvent::expired, Reason::lease, lane.hold->expires, now);
  }
}

void Core::settle(MonoTime now) {
  if (nested_waiting_ > 0) {
    refresh_inheritance(now);
    touch_all_waiting();  // an inherited priority may change any order
  }
  bool progress = true;
  while (progress) {
    progress = false;
    std::sort(dirty_.begin(), dirty_.end());  // whatever made them dirty: a replay agrees
    for (std::size_t i = 0; i < dirty_.size() && !progress; ++i) {
      progress = grant_on(dirty_[i], now);
    }
    if (progress && nested_waiting_ > 0) refresh_inheritance(now);
  }
  for (const std::uint16_t index : dirty_) {
    lanes_[index].dirty = false;
    next_[index] = next_of(lanes_[index], now);
    if (!lanes_[index].changed) changed_.push_back(index);
    lanes_[index].changed = true;
  }
  dirty_.clear();
}

void Core::clear_changed() {
  for (const std::uint16_t index : changed_) lanes_[index].changed = false;
  changed_.clear();
}

bool Core::grant_on(std::uint16_t index, MonoTime now) {
  const Lane& lane = lanes_[index];
  if (lane.queue.empty() || (lane.hold && !GK_MUTANT(grant_while_held))) return false;
  const Slot slot = pick(lane, now);
  if (slot == kNoSlot) return false;
  const Ticket& ticket = tickets_[slot];
  const std::uint16_t last = ticket.lanes[ticket.lane_count - 1U];
  if (last != index && !GK_MUTANT(partial_acquire_all)) {
    // Granted from its last lane only, so that the order of grants of one moment is the same
    // whichever lane was looked at first.
    const bool fresh = !lanes_[last].dirty;
    touch(last);
    return fresh;
  }
  grant(slot, now);
  return true;
}

Nanos Core::aging_of(const Ticket& ticket) const {
  return ticket.single() ? lanes_[ticket.lanes[0]].order.aging_step : options_.aging_step;
}

std::uint32_t Core::effective_priority(const Ticket& ticket, MonoTime now) const {
  if (GK_MUTANT(no_aging)) return ticket.priority;
  const auto steps = (now - ticket.enqueued) / aging_of(ticket);  // rule 3, rounded down
  const auto own = ticket.priority +
                   static_cast<std::uint32_t>(std::min<std::int64_t>(steps, 0x7fffffff)) +
                   (GK_MUTANT(aging_rounds_up) && now > ticket.enqueued ? 1U : 0U);
  return std::max(own, ticket.inherited);
}

Group Core::group_on(const Lane& lane, std::uint16_t actor) const {
  return lane.order.grouping == Grouping::off ? static_cast<Group>(kAloneBase + actor + 1)
                                              : actors_[actor].group;
}

Group Core::last_group(const Lane& lane) const {
  return lane.last_actor == 0 ? Group{0}
                              : group_on(lane, static_cast<std::uint16_t>(lane.last_actor - 1));
}

bool Core::ready(const Ticket& ticket, MonoTime now) const {
  return GK_MUTANT(no_actor_pacing) || actors_[ticket.actor].gcra.earliest() <= now;
}

bool Core::before(const Lane& lane, const Ticket& a, const Ticket& b, MonoTime now) const {
  const std::uint32_t eff_a = effective_priority(a, now), eff_b = effective_priority(b, now);
  if (eff_a != eff_b && !GK_MUTANT(ignore_priority)) return eff_a > eff_b;
  // A ticket of several lanes never has the group's favour, so that two such tickets stand in
  // the same order on every lane; otherwise each could lead one lane and wait for ever.
  const bool favour = lane.burst < lane.order.same_group_burst || GK_MUTANT(ignore_burst_limit);
  const Group last = last_group(lane);
  const bool a_same = favour && a.single() && group_on(lane, a.actor) == last;
  const bool b_same = favour && b.single() && group_on(lane, b.actor) == last;
  if (a_same != b_same && !GK_MUTANT(ignore_priority)) return a_same;
  return GK_MUTANT(ignore_age_order) ? a.id > b.id : a.id < b.id;
}

MonoTime Core::lane_time(const Lane& lane, const Ticket& ticket) const {
  MonoTime at = GK_MUTANT(no_lane_pacing) ? MonoTime::min() : lane.gcra.earliest();
  if (lane.last_actor == 0 || GK_MUTANT(no_spacing)) return at;
  const bool gap = last_group(lane) != group_on(lane, ticket.actor) || GK_MUTANT(gap_within_group);
  MonoTime spaced = gap ? lane.last_end + lane.options.switch_gap : lane.last_end;
  if (GK_MUTANT(early_by_a_millisecond)) spaced -= Millis(1);
  return std::max(at, spaced);
}

bool Core::in_time(const Lane& lane, const Ticket& ticket, MonoTime now) const {
  return now >= lane_time(lane, ticket);
}

Slot Core::pick(const Lane& lane, MonoTime now) {
  Slot best = kNoSlot;
  for (const Slot slot : lane.queue) {
    const Ticket& ticket = tickets_[slot];
    if (!ready(ticket, now) && !GK_MUTANT(paced_ticket_blocks)) continue;
    if (GK_MUTANT(slip_in_during_cooldown) && !in_time(lane, ticket, now)) continue;
    if (best == kNoSlot || before(lane, ticket, tickets_[best], now)) best = slot;
  }
  if (best == kNoSlot) return kNoSlot;
  if (!tickets_[best].single()) return pick_several(lane, now);
  return in_time(lane, tickets_[best], now) && ready(tickets_[best], now) ? best : kNoSlot;
}

/// The head wants several lanes. If they are not all there, it reserves this one against new
/// work, but not against callers who hold a lane: they may be whom it waits for (rule 9).
Slot Core::pick_several(const Lane& lane, MonoTime now) {
  order_.clear();
  for (const Slot slot : lane.queue) {
    if (ready(tickets_[slot], now)) order_.push_back(slot);
  }
  std::sort(order_.begin(), order_.end(),
            [&](Slot a, Slot b) { return before(lane, tickets_[a], tickets_[b], now); });
  bool reserved = false;
  for (const Slot slot : order_) {
    const Ticket& ticket = tickets_[slot];
    const bool holds_lanes = chains_[ticket.chain].held > 0;
    if (reserved && !holds_lanes) continue;
    if (ticket.single()) return in_time(lane, ticket, now) ? slot : kNoSlot;
    if (GK_MUTANT(partial_acquire_all)) return slot;
    const bool first =
        first_everywhere(slot, now) || (holds_lanes && nested_first_everywhere(slot, now));
    if (first && free_for(ticket, now)) return slot;
    reserved = true;
  }
  return kNoSlot;
}

bool Core::free_for(const Ticket& ticket, MonoTime now) const {
  for (std::size_t i = 0; i < ticket.lane_count; ++i) {
    const Lane& lane = lanes_[ticket.lanes[i]];
    if (lane.hold || !in_time(lane, ticket, now)) return false;
  }
  return true;
}

bool Core::first_everywhere(Slot slot, MonoTime now) const {
  const Ticket& ticket = tickets_[slot];
  for (std::size_t i = 0; i < ticket.lane_count; ++i) {
    const Lane& lane = lanes_[ticket.lanes[i]];
    for (const Slot other : lane.queue) {
      if (other != slot && ready(tickets_[other], now) &&
          before(lane, tickets_[other], ticket, now)) {
        return false;
      }
    }
  }
  return true;
}

/// Like first_everywhere(), but tickets of several lanes, and those that wait behind one, do not
/// stand in the way of a caller who holds lanes.
bool Core::nested_first_everywhere(Slot slot, MonoTime now) const {
  const Ticket& ticket = tickets_[slot];
  for (std::size_t i = 0; i < ticket.lane_count; ++i) {
    const Lane& lane = lanes_[ticket.lanes[i]];
    const Ticket* several = nullptr;  // The best of those that want several lanes.
    for (const Slot other : lane.queue) {
      const Ticket& t = tickets_[other];
      if (other == slot || t.single() || !ready(t, now)) continue;
      if (several == nullptr || before(lane, t, *several, now)) several = &t;
    }
    for (const Slot other : lane.queue) {
      const Ticket& t = tickets_[other];
      if (other == slot || !t.single() || !ready(t, now) || !before(lane, t, ticket, now)) continue;
      const bool behind = several != nullptr && before(lane, *several, t, now);
      if (!behind || chains_[t.chain].held > 0) return false;
    }
  }
  return true;
}

std::uint32_t Core::hold_burst(const Lane& lane, std::uint16_t actor) const {
  const bool same = lane.last_actor != 0 && last_group(lane) == group_on(lane, actor);
  if (!same && !GK_MUTANT(burst_never_resets)) return 1;
  return std::min(lane.burst + 1, kMaxBurst);
}

void Core::grant(Slot slot, MonoTime now) {
  const Ticket ticket = tickets_[slot];
  Decision decision;
  decision.ticket = ticket.id;
  decision.actor = ActorId(ticket.actor + 1U);
  decision.outcome = Outcome::granted;
  decision.lane_count = ticket.lane_count;
  decision.start = now;
  Chain& chain = chains_[ticket.chain];
  for (std::size_t i = 0; i < ticket.lane_count; ++i) {
    const std::uint16_t index = ticket.lanes[i];
    Lane& lane = lanes_[index];
    std::erase(lane.queue, slot);
    if (!GK_MUTANT(reuse_token) || lane.high == lane.first) lane.high = Token(lane.high.value + 1);
    lane.burst = hold_burst(lane, ticket.actor);
    lane.last_actor = static_cast<std::uint16_t>(ticket.actor + 1);
    lane.hold = Hold{ticket.id,    lane.high,   ticket.owner, now, now + lane.options.max_hold,
                     ticket.chain, ticket.actor};
    lane.shares.assign(1, 1);
    lane.next_share = 2;
    lane.gcra.take(now);
    ++lane.counters.granted;
    if (chain.held < chain.lanes.size()) chain.lanes[chain.held++] = index;
    decision.grants[i] = {LaneId(index + 1U), lane.high};
    if (i == 0) decision.expires = lane.hold->expires;
    touch(index);
    TraceRecord r;
    r.event = TraceEvent::granted;
    r.time = now;
    r.lane = index + 1U;
    r.actor = lane.last_actor;
    r.ticket = ticket.id.value;
    r.token = lane.high.value;
    r.value = (now - ticket.enqueued).count();
    r.until = lane.hold->expires.time_since_epoch().count();
    r.eff = effective_priority(ticket, now);
    r.depth = static_cast<std::uint32_t>(lane.queue.size());
    trace_->push(r);
  }
  Gcra& pacing = actors_[ticket.actor].gcra;
  pacing.take(now);
  if (!pacing.off()) touch_all_waiting();  // its other tickets may not be ready any more
  chain.waiting = kNoSlot;
  --waiting_;
  if (ticket.nested) --nested_waiting_;
  tickets_[slot] = Ticket{};
  free_tickets_.push_back(slot);
  decisions_.push_back(decision);
}

MonoTime Core::next_of(const Lane& lane, MonoTime now) const {
  MonoTime next = MonoTime::max();
  for (const Slot slot : lane.queue) next = std::min(next, tickets_[slot].deadline);
  if (lane.hold) return std::min(next, lane.hold->expires);
  return lane.queue.empty() ? next : std::min(next, next_of_free(lane, now));
}

MonoTime Core::older_at(const Ticket& ticket, MonoTime now) const {
  const Nanos step = aging_of(ticket);
  return ticket.enqueued + ((now - ticket.enqueued) / step + 1) * step;
}

/// A free lane with a queue: its head cools down, waits for other lanes, or all are held back.
/// The order may change before that, whenever the age of somebody counts one more.
MonoTime Core::next_of_free(const Lane& lane, MonoTime now) const {
  MonoTime next = MonoTime::max();
  MonoTime older = MonoTime::max();
  bool reserved = false;
  for (const Slot slot : lane.queue) {
    const Ticket& ticket = tickets_[slot];
    const MonoTime at = std::max(lane_time(lane, ticket), actors_[ticket.actor].gcra.earliest());
    if (at > now) next = std::min(next, at);
    older = std::min(older, older_at(ticket, now));
    reserved = reserved || !ticket.single();
  }
  const bool order_matters = lane.queue.size() > 1 && (reserved || next != MonoTime::max());
  if (!order_matters) return next;
  if (nested_waiting_ > 0) {  // what is inherited grows on other lanes
    for (const Ticket& ticket : tickets_) {
      if (ticket.id) older = std::min(older, older_at(ticket, now));
    }
  }
  return std::min(next, older);
}

}  // namespace gk::arbiter
