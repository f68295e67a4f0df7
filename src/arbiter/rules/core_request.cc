// core_request.cc: the commands of Core. Each first does what was due, then its own work, then
// grants what it made possible.

#include <algorithm>

#include "arbiter/rules/core.h"
#include "base/assert.h"

namespace gk::arbiter {
namespace {

std::int64_t nanos(MonoTime time) { return time.time_since_epoch().count(); }

Error ended_error() { return {Errc::not_found, "the grant or ticket has ended"}; }
}  // namespace

Error Core::refuse(const Request& request, Reason reason, MonoTime now) {
  TraceRecord r;
  r.event = TraceEvent::rejected;
  r.reason = reason;
  r.time = now;
  r.lane = static_cast<std::uint32_t>(request.lanes[0].value);
  r.actor = static_cast<std::uint16_t>(request.actor.value);
  trace_->push(r);
  ++lanes_[r.lane - 1].counters.rejected;
  return {Errc::resource_exhausted, "the queue of lane " + std::to_string(r.lane) + " is full"};
}

Result<void> Core::check_parent(const Request& request, Slot& chain) {
  chain = kNoSlot;
  if (!request.parent.token) return {};
  const Hold* parent = live(request.parent);
  if (parent == nullptr) return Error{Errc::failed_precondition, "the parent grant has ended"};
  chain = parent->chain;
  const Chain& own = chains_[chain];
  if (own.waiting != kNoSlot || own.foreign_wait != 0) {
    return Error{Errc::failed_precondition, "the caller already waits for another lane"};
  }
  if (own.held + request.lanes.size() > own.lanes.size()) {
    return Error{Errc::resource_exhausted, "one caller may hold 16 lanes"};
  }
  for (const LaneId lane : request.lanes) {
    const auto& hold = lanes_[lane.value - 1].hold;
    if (hold && hold->chain == chain) {
      return Error{Errc::failed_precondition,
                   "the caller holds lane " + std::to_string(lane.value) + "; share its grant"};
    }
  }
  return {};
}

Result<Slot> Core::check(const Request& request, MonoTime now) {
  if (request.lanes.empty() || request.lanes.size() > kMaxLanesPerTicket) {
    return Error{Errc::invalid_argument, "a ticket names 1 to 8 lanes"};
  }
  if (request.actor.value == 0 || request.actor.value > actors_.size()) {
    return Error{Errc::not_found, "no such actor"};
  }
  for (std::size_t i = 0; i < request.lanes.size(); ++i) {
    if (lane_of(request.lanes[i]) == nullptr) return Error{Errc::not_found, "no such lane"};
    for (std::size_t j = 0; j < i; ++j) {
      if (request.lanes[i] == request.lanes[j]) {
        return Error{Errc::invalid_argument, "a ticket names a lane twice"};
      }
    }
  }
  if (closed_) return Error{Errc::cancelled, "the arbiter is shutting down"};
  if (request.deadline <= now) {
    return Error{Errc::deadline_exceeded, "the deadline had passed before the request"};
  }
  Slot chain = kNoSlot;
  if (auto parent = check_parent(request, chain); !parent) return std::move(parent).error();
  bool full = waiting_ >= options_.max_tickets;
  for (const LaneId lane : request.lanes) {
    full = full || lanes_[lane.value - 1].queue.size() >= lanes_[lane.value - 1].order.max_waiting;
  }
  if (full) return refuse(request, Reason::quota, now);
  return chain;
}

Result<TicketId> Core::request(const Request& request, MonoTime now) {
  advance(now);
  auto checked = check(request, now);
  if (!checked) return std::move(checked).error();
  const Slot slot = new_ticket(request, now);
  Ticket& ticket = tickets_[slot];
  const TicketId id = ticket.id;
  ticket.nested = *checked != kNoSlot;
  ticket.chain = ticket.nested ? *checked : new_chain(id, ticket.priority);
  chains_[ticket.chain].waiting = slot;
  ++waiting_;
  if (ticket.nested) ++nested_waiting_;
  TraceRecord r;
  r.event = TraceEvent::queued;
  r.time = now;
  r.actor = static_cast<std::uint16_t>(request.actor.value);
  r.ticket = id.value;
  r.eff = ticket.priority;
  r.until = nanos(ticket.deadline);
  r.value = static_cast<std::int64_t>(ticket.owner.value);
  r.token = request.parent.token.value;
  r.parent_lane = static_cast<std::uint32_t>(request.parent.lane.value);
  r.flags = static_cast<std::uint16_t>((request.wait == Wait::no ? kTryOnly : 0) |
                                       (ticket.nested ? kNested : 0) |
                                       (ticket.lane_count << kLanesShift));
  for (std::size_t i = 0; i < ticket.lane_count; ++i) {
    const std::uint16_t lane = ticket.lanes[i];
    lanes_[lane].queue.push_back(slot);
    touch(lane);
    r.lane = lane + 1U;
    r.depth = static_cast<std::uint32_t>(lanes_[lane].queue.size());
    trace_->push(r);
  }
  settle(now);
  if (find(id) == nullptr) return id;  // granted in this step
  if (request.wait == Wait::no) {
    end_ticket(slot, Outcome::rejected, Reason::busy, now);
    settle(now);
  } else if (ticket.nested) {
    settle_nested(slot, now);
  }
  return id;
}

void Core::settle_nested(Slot slot, MonoTime now) {
  [[maybe_unused]] const TicketId id = tickets_[slot].id;
  const Slot chain = tickets_[slot].chain;
  if (wound_rivals(slot, now)) {
    end_ticket(slot, Outcome::cancelled, Reason::wounded, now);
  } else if (!GK_MUTANT(no_external_check) && closes_cycle(chain)) {
#ifndef GK_ARBITER_MUTANTS
    GK_ASSERT(!foreign_.empty());  // wound-wait leaves cycles only through foreign locks
#endif
    if (!GK_MUTANT(no_wound)) end_ticket(slot, Outcome::rejected, Reason::would_cycle, now);
  }
  settle(now);
  GK_DEBUG_ASSERT(find(id) == nullptr || GK_MUTANT(no_wound) || GK_MUTANT(no_external_check) ||
                  wait_graph_is_acyclic());
}

void Core::end_ticket(Slot slot, Outcome outcome, Reason reason, MonoTime now) {
  const Ticket ticket = tickets_[slot];
  const TraceEvent event = outcome == Outcome::timeout     ? TraceEvent::timed_out
                           : outcome == Outcome::cancelled ? TraceEvent::cancelled
                                                           : TraceEvent::rejected;
  record(event, ticket.lanes[0], ticket, reason, now);
  for (std::size_t i = 0; i < ticket.lane_count; ++i) {
    Lane& lane = lanes_[ticket.lanes[i]];
    std::erase(lane.queue, slot);
    touch(ticket.lanes[i]);
    if (outcome == Outcome::timeout) ++lane.counters.timed_out;
    if (outcome == Outcome::cancelled) ++lane.counters.cancelled;
    if (outcome == Outcome::rejected) ++lane.counters.rejected;
  }
  Decision decision;
  decision.ticket = ticket.id;
  decision.actor = ActorId(ticket.actor + 1U);
  decision.outcome = outcome;
  decision.reason = reason;
  decision.start = now;
  decisions_.push_back(decision);
  if (GK_MUTANT(two_outcomes)) decisions_.push_back(decision);
  --waiting_;
  if (ticket.nested) --nested_waiting_;
  chains_[ticket.chain].waiting = kNoSlot;
  drop_chain_if_done(ticket.chain);
  tickets_[slot] = Ticket{};
  free_tickets_.push_back(slot);
}

void Core::end_hold(std::uint16_t index, TraceEvent event, Reason reason, MonoTime end,
                    MonoTime now) {
  Lane& lane = lanes_[index];
  const Hold hold = *lane.hold;
  const Nanos held = end - hold.start;
  record(event, index, hold, held.count(), nanos(end), now, reason);
  lane.last_end = end;
  lane.usual_hold = lane.usual_hold == Nanos(0) ? held : (lane.usual_hold * 7 + held) / 8;
  lane.hold.reset();
  lane.shares.clear();
  touch(index);
  if (event == TraceEvent::expired) ++lane.counters.expired;
  if (event == TraceEvent::revoked) ++lane.counters.revoked;
  if (event != TraceEvent::released) {
    ended_.push_back({{LaneId(index + 1U), hold.token}, ActorId(hold.actor + 1U), reason});
  }
  Chain& chain = chains_[hold.chain];
  const auto chain_end = chain.lanes.begin() + chain.held;
  const auto place = std::find(chain.lanes.begin(), chain_end, index);
  if (place != chain_end) {
    *place = *(chain_end - 1);
    --chain.held;
  }
  drop_chain_if_done(hold.chain);
}

Result<void> Core::cancel(TicketId ticket, MonoTime now) {
  advance(now);
  if (find(ticket) == nullptr) return ended_error();
  end_ticket(static_cast<Slot>(ticket.value & 0xffff), Outcome::cancelled, Reason::by_caller, now);
  settle(now);
  return {};
}

Result<void> Core::release(GrantRef grant, ShareId share, MonoTime now) {
  advance(now);
  if (live(grant) == nullptr) return ended_error();
  const auto index = static_cast<std::uint16_t>(grant.lane.value - 1);
  Lane& lane = lanes_[index];
  const auto place = std::find(lane.shares.begin(), lane.shares.end(), share.value);
  if (place == lane.shares.end()) return ended_error();
  lane.shares.erase(place);
  const auto value = static_cast<std::int64_t>(share.value);
  if (!lane.shares.empty() && !GK_MUTANT(share_end_ends_root)) {
    record(TraceEvent::share_ended, index, *lane.hold, value, 0, now);
    touch(index);
    settle(now);
    return {};
  }
  end_hold(index, TraceEvent::released, Reason::by_caller, now, now);
  if (GK_MUTANT(forget_to_grant)) {
    for (const std::uint16_t dirty : dirty_) lanes_[dirty].dirty = false;
    dirty_.clear();
  }
  settle(now);
  return {};
}

Result<ShareId> Core::share(GrantRef grant, MonoTime now) {
  advance(now);
  if (live(grant) == nullptr) return ended_error();
  const auto index = static_cast<std::uint16_t>(grant.lane.value - 1);
  Lane& lane = lanes_[index];
  if (lane.shares.size() >= options_.max_shares) {
    return Error{Errc::resource_exhausted,
                 "a grant has at most " + std::to_string(options_.max_shares) + " handles"};
  }
  lane.shares.push_back(lane.next_share);
  record(TraceEvent::shared, index, *lane.hold, lane.next_share, 0, now);
  touch(index);
  settle(now);
  return ShareId(lane.next_share++);
}

Result<MonoTime> Core::renew(GrantRef grant, MonoTime now) {
  advance(now);
  Hold* hold = live(grant);
  if (hold == nullptr) return ended_error();
  const auto index = static_cast<std::uint16_t>(grant.lane.value - 1);
  const Lane& lane = lanes_[index];
  MonoTime end = now + lane.options.max_hold;
  if (!lane.queue.empty() && !GK_MUTANT(renew_under_contention)) {
    // Rule 7: whoever waits sees at most one full hold of anybody, so the waiting bound holds.
    end = std::min(end, std::max(hold->expires, hold->start + lane.options.max_hold));
    if (end <= hold->expires) {
      return Error{Errc::failed_precondition, "others wait, and the longest hold is used up"};
    }
  }
  hold->expires = end;
  if (!GK_MUTANT(untraced_renewal)) {
    record(TraceEvent::renewed, index, *hold, 0, nanos(end), now);
  }
  touch(index);
  settle(now);
  return end;
}

bool Core::may_send(GrantRef grant, MonoTime now) {
  advance(now);
  if (live(grant) != nullptr) return true;
  if (Lane* lane = lane_of(grant.lane); lane != nullptr) {
    ++lane->counters.stale_sends;
    TraceRecord r;
    r.event = TraceEvent::stale_send;
    r.time = now;
    r.lane = static_cast<std::uint32_t>(grant.lane.value);
    r.token = grant.token.value;
    trace_->push(r);
    touch(static_cast<std::uint16_t>(grant.lane.value - 1));
    settle(now);
  }
  return GK_MUTANT(accept_stale_send);
}

Result<void> Core::revoke(LaneId id, MonoTime now) {
  advance(now);
  const Lane* lane = lane_of(id);
  if (lane == nullptr || !lane->hold) return Error{Errc::not_found, "nobody holds that lane"};
  end_hold(static_cast<std::uint16_t>(id.value - 1), TraceEvent::revoked, Reason::revoked, now,
           now);
  settle(now);
  return {};
}

void Core::drop_owner(OwnerId owner, MonoTime now) {
  advance(now);
  TraceRecord r;
  r.event = TraceEvent::owner_gone;
  r.time = now;
  r.value = static_cast<std::int64_t>(owner.value);
  trace_->push(r);
  for (Slot slot = 0; slot < tickets_.size(); ++slot) {
    if (tickets_[slot].id && tickets_[slot].owner == owner) {
      end_ticket(slot, Outcome::cancelled, Reason::owner_gone, now);
    }
  }
  if (!GK_MUTANT(dead_owner_keeps)) {
    for (std::uint16_t i = 0; i < lanes_.size(); ++i) {
      if (lanes_[i].hold && lanes_[i].hold->owner == owner) {
        end_hold(i, TraceEvent::revoked, Reason::owner_gone, now, now);
      }
    }
  }
  settle(now);
}

void Core::close(MonoTime now) {
  advance(now);
  TraceRecord r;
  r.event = TraceEvent::closed;
  r.time = now;
  trace_->push(r);
  closed_ = true;
  for (Slot slot = 0; slot < tickets_.size(); ++slot) {
    if (tickets_[slot].id) end_ticket(slot, Outcome::rejected, Reason::shutdown, now);
  }
  settle(now);
}

}  // namespace gk::arbiter
