// core_graph.cc: who waits for whom: wound-wait and foreign locks (rule 9), inheritance (rule 10).
//
// Why no cycle stands. Only a caller who holds a lane can be waited for, and it has a stamp,
// (priority, first ticket), that never changes. A caller that starts to wait (a) ends the wait of
// each junior holder in its way, and (b) gives way itself when a senior waits for a lane of its
// own. So while a junior is waited for by a senior it does not wait: every edge between two that
// wait leads from junior to senior. Reserved lanes add no edge, because callers who hold lanes
// pass them (core_choose.cc).

#include <algorithm>

#include "arbiter/rules/core.h"

namespace gk::arbiter {
namespace {
constexpr std::size_t kMaxForeignLocks = 256;  // chosen: bounds the table
}

bool Core::wound_rivals(Slot slot, MonoTime now) {
  if (GK_MUTANT(no_wound)) return false;
  const Ticket ticket = tickets_[slot];
  const Chain& own = chains_[ticket.chain];
  for (std::size_t i = 0; i < own.held; ++i) {
    for (const Slot other : lanes_[own.lanes[i]].queue) {
      const Chain& rival = chains_[tickets_[other].chain];
      if (rival.held > 0 && rival.senior_to(own)) return true;
    }
  }
  for (std::size_t i = 0; i < ticket.lane_count; ++i) {
    const auto& hold = lanes_[ticket.lanes[i]].hold;
    if (!hold) continue;
    const Chain& rival = chains_[hold->chain];
    if (rival.waiting != kNoSlot && own.senior_to(rival)) {
      end_ticket(rival.waiting, Outcome::cancelled, Reason::wounded, now);
    }
  }
  return false;
}

Slot Core::foreign_holder(std::uint64_t lock) const {
  for (const ForeignLock& held : foreign_) {
    if (held.lock == lock) return held.chain;
  }
  return kNoSlot;
}

/// Depth-first along "waits for a lane or lock that this one holds".
bool Core::reaches(Slot from, Slot target, std::vector<bool>& seen) const {
  const Chain& chain = chains_[from];
  const auto visit = [&](Slot next) {
    if (next == kNoSlot) return false;
    if (next == target) return true;
    if (seen[next]) return false;
    seen[next] = true;
    return reaches(next, target, seen);
  };
  if (chain.foreign_wait != 0 && visit(foreign_holder(chain.foreign_wait))) return true;
  if (chain.waiting == kNoSlot) return false;
  const Ticket& ticket = tickets_[chain.waiting];
  for (std::size_t i = 0; i < ticket.lane_count; ++i) {
    const auto& hold = lanes_[ticket.lanes[i]].hold;
    if (hold && visit(hold->chain)) return true;
  }
  return false;
}

bool Core::closes_cycle(Slot chain) const {
  std::vector<bool> seen(chains_.size(), false);
  return reaches(chain, chain, seen);
}

bool Core::wait_graph_is_acyclic() const {
  for (Slot i = 0; i < chains_.size(); ++i) {
    if (chains_[i].first && closes_cycle(i)) return false;
  }
  return true;
}

std::uint32_t Core::inherited_by(const Chain& chain, MonoTime now) const {
  std::uint32_t inherited = 0;
  for (std::size_t i = 0; i < chain.held; ++i) {
    for (const Slot slot : lanes_[chain.lanes[i]].queue) {
      inherited = std::max(inherited, effective_priority(tickets_[slot], now));
    }
  }
  return GK_MUTANT(no_inheritance) ? 0 : inherited;
}

void Core::refresh_inheritance(MonoTime now) {
  for (Ticket& ticket : tickets_) ticket.inherited = 0;
  // Each round carries a priority one holder further; values only grow and are those of tickets.
  bool changed = true;
  while (changed) {
    changed = false;
    for (Ticket& ticket : tickets_) {
      if (!ticket.id || chains_[ticket.chain].held == 0) continue;
      const std::uint32_t inherited = inherited_by(chains_[ticket.chain], now);
      changed = changed || inherited > ticket.inherited;
      ticket.inherited = std::max(ticket.inherited, inherited);
    }
  }
}

namespace {
TraceRecord foreign_record(TraceEvent event, GrantRef grant, std::uint64_t lock, MonoTime now) {
  TraceRecord r;
  r.event = event;
  r.time = now;
  r.lane = static_cast<std::uint32_t>(grant.lane.value);
  r.token = grant.token.value;
  r.value = static_cast<std::int64_t>(lock);
  return r;
}
Error no_grant() { return {Errc::not_found, "the grant has ended"}; }
}  // namespace

Result<void> Core::foreign_hold(GrantRef grant, std::uint64_t lock, MonoTime now) {
  advance(now);
  const Hold* hold = live(grant);
  if (hold == nullptr) return no_grant();
  Chain& chain = chains_[hold->chain];
  const bool waits_for_other = chain.foreign_wait != 0 && chain.foreign_wait != lock;
  if (chain.waiting != kNoSlot || waits_for_other) {  // who waits takes nothing: no new cycle
    return Error{Errc::failed_precondition, "the caller waits for something else"};
  }
  if (foreign_holder(lock) != kNoSlot) {
    return Error{Errc::already_exists, "that lock is held by another caller"};
  }
  if (foreign_.size() >= kMaxForeignLocks) {
    return Error{Errc::resource_exhausted, "the table of foreign locks is full"};
  }
  chain.foreign_wait = 0;
  foreign_.push_back({lock, hold->chain});
  trace_->push(foreign_record(TraceEvent::external_hold, grant, lock, now));
  return {};
}

Result<void> Core::foreign_wait(GrantRef grant, std::uint64_t lock, MonoTime now) {
  advance(now);
  const Hold* hold = live(grant);
  if (hold == nullptr) return no_grant();
  Chain& chain = chains_[hold->chain];
  if (chain.waiting != kNoSlot || chain.foreign_wait != 0) {
    return Error{Errc::failed_precondition, "the caller already waits for something"};
  }
  chain.foreign_wait = lock;
  TraceRecord r = foreign_record(TraceEvent::external_wait, grant, lock, now);
  const bool refused = !GK_MUTANT(no_external_check) && closes_cycle(hold->chain);
  if (refused) {
    chain.foreign_wait = 0;
    r.reason = Reason::would_cycle;
  }
  trace_->push(r);
  if (!refused) return {};
  return Error{Errc::failed_precondition,
               "waiting for this lock would close a cycle: its holder waits for the caller"};
}

Result<void> Core::foreign_end(GrantRef grant, std::uint64_t lock, MonoTime now) {
  advance(now);
  const Hold* hold = live(grant);
  if (hold == nullptr) return no_grant();
  Chain& chain = chains_[hold->chain];
  if (chain.foreign_wait == lock) chain.foreign_wait = 0;
  const Slot slot = hold->chain;
  std::erase_if(foreign_,
                [&](const ForeignLock& held) { return held.lock == lock && held.chain == slot; });
  trace_->push(foreign_record(TraceEvent::external_end, grant, lock, now));
  return {};
}

}  // namespace gk::arbiter
