// core_status.cc: what a Core looks like from outside: status, queue with bounds, digest.

#include <algorithm>

#include "arbiter/rules/core.h"

namespace gk {

Error outcome_error(Outcome outcome, Reason reason) {
  const std::string why(reason_name(reason));
  switch (outcome) {
    case Outcome::timeout: return {Errc::deadline_exceeded, "not granted before the deadline"};
    case Outcome::cancelled: return {Errc::cancelled, "the request was cancelled: " + why};
    case Outcome::rejected:
      if (reason == Reason::would_cycle) {
        return {Errc::failed_precondition, "the wait would have closed a cycle of locks"};
      }
      if (reason == Reason::shutdown) return {Errc::cancelled, "the arbiter is shutting down"};
      return {Errc::resource_exhausted, "the request was rejected: " + why};
    case Outcome::pending:
    case Outcome::granted: break;
  }
  return {Errc::internal, "no error: " + std::string(outcome_name(outcome))};
}

}  // namespace gk

namespace gk::arbiter {
namespace {

/// FNV-1a over whole words.
class Digest {
 public:
  void add(std::uint64_t word) { value_ = (value_ ^ word) * 0x100000001b3U; }
  void add(MonoTime time) { add(static_cast<std::uint64_t>(time.time_since_epoch().count())); }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

void digest_lane(Digest& digest, const Lane& lane) {
  digest.add(lane.high.value);
  digest.add(lane.last_actor);
  digest.add(lane.burst);
  digest.add(lane.last_end);
  digest.add(lane.gcra.due());
  if (lane.hold) {
    digest.add(lane.hold->token.value);
    digest.add(lane.hold->start);
    digest.add(lane.hold->expires);
    for (const std::uint32_t share : lane.shares) digest.add(share);
  }
  digest.add(lane.counters.timed_out + (lane.counters.cancelled << 16));
  digest.add(lane.counters.expired + (lane.counters.revoked << 16));
}

}  // namespace

std::uint64_t Core::digest() const {
  Digest digest;
  for (const Lane& lane : lanes_) {
    digest_lane(digest, lane);
    std::vector<TicketId> waiting;
    for (const Slot slot : lane.queue) waiting.push_back(tickets_[slot].id);
    std::sort(waiting.begin(), waiting.end());
    for (const TicketId id : waiting) digest.add(id.value);
  }
  for (const ActorState& actor : actors_) digest.add(actor.gcra.due());
  for (const Chain& chain : chains_) {
    digest.add(chain.first.value);
    digest.add(chain.held + (std::uint64_t{chain.waiting} << 16));
    digest.add(chain.foreign_wait);
  }
  return digest.value();
}

std::vector<WaitingStatus> Core::queue(LaneId id, MonoTime now) const {
  const Lane& lane = lanes_[id.value - 1];
  std::vector<Slot> order = lane.queue;
  std::sort(order.begin(), order.end(), [&](Slot a, Slot b) {
    const bool ready_a = ready(tickets_[a], now), ready_b = ready(tickets_[b], now);
    return ready_a != ready_b ? ready_a : before(lane, tickets_[a], tickets_[b], now);
  });
  // The proof of the bound is in docs/arbiter.md, "Waiting bound".
  const Nanos slot =
      lane.options.max_hold + std::max(lane.options.switch_gap, lane.gcra.pacing().interval);
  const Nanos slots = slot * (lane.order.max_waiting + 1);
  const Nanos favours =
      std::max<Nanos>(lane.options.max_hold * lane.order.same_group_burst, lane.order.aging_step);
  MonoTime start = now;
  if (lane.hold) {
    start = std::clamp(lane.hold->start + lane.usual_hold, now, std::max(now, lane.hold->expires));
  }
  std::vector<WaitingStatus> out;
  Group group = last_group(lane);
  for (const Slot place : order) {
    const Ticket& ticket = tickets_[place];
    WaitingStatus waiting;
    waiting.ticket = ticket.id;
    waiting.actor = ActorId(ticket.actor + 1U);
    waiting.effective_priority = effective_priority(ticket, now);
    waiting.waited = now - ticket.enqueued;
    waiting.ready = ready(ticket, now);
    const Nanos overtaken = lane.order.aging_step *
                            (top_priority_ > ticket.priority ? top_priority_ - ticket.priority : 0);
    waiting.bound = std::min(ticket.deadline, ticket.enqueued + overtaken + slots + favours);
    const bool gap = group != 0 && group != group_on(lane, ticket.actor);
    start =
        std::max(start + (gap && (lane.hold || !out.empty()) ? lane.options.switch_gap : Nanos(0)),
                 lane.hold || !out.empty() ? start : lane_time(lane, ticket));
    waiting.estimate = std::max(start, actors_[ticket.actor].gcra.earliest());
    start = waiting.estimate + lane.usual_hold;
    group = group_on(lane, ticket.actor);
    out.push_back(waiting);
  }
  return out;
}

LaneStatus Core::status(LaneId id, MonoTime now) const {
  const Lane& lane = lanes_[id.value - 1];
  LaneStatus status;
  status.token = lane.high;
  status.counters = lane.counters;
  status.depth = static_cast<std::uint32_t>(lane.queue.size());
  if (lane.hold) {
    const Hold& hold = *lane.hold;
    status.holder = ActorId(hold.actor + 1U);
    status.held = now - hold.start;
    status.lease_left = std::max(Nanos(0), hold.expires - now);
    status.shares = static_cast<std::uint32_t>(lane.shares.size());
    status.effective_priority = std::max<std::uint32_t>(actors_[hold.actor].config.priority,
                                                        inherited_by(chains_[hold.chain], now));
  } else if (lane.last_actor != 0) {
    status.cooldown_left = std::max(Nanos(0), lane.last_end + lane.options.switch_gap - now);
  }
  for (const WaitingStatus& waiting : queue(id, now)) {
    if (status.queue_size == kStatusQueue) break;
    status.queue[status.queue_size++] = waiting;
  }
  return status;
}

}  // namespace gk::arbiter
