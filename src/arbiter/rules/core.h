// core.h: decides who may act on which lane, and when. The arbiter's rules, all of them.
//
// No thread, clock, name or socket inside: time is an argument, so a test replays an hour in
// microseconds. src/arbiter/arbiter.cc is the blocking form with a lock-free fast path. The rules
// are numbered as in docs/arbiter.md.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "arbiter/rules/core_state.h"
#include "arbiter/rules/mutant.h"
#include "arbiter/rules/trace.h"
#include "gamekeeper/arbiter_types.h"

namespace gk::arbiter {

/// A grant's name: both parts are needed to use it.
struct GrantRef {
  LaneId lane;
  Token token;
};

enum class Wait : std::uint8_t {
  allowed,
  no,  ///< Grant in this very call, or reject.
};

struct Request {
  ActorId actor;
  std::span<const LaneId> lanes;  ///< 1 to kMaxLanesPerTicket, all or none. Copied.
  MonoTime deadline{};
  OwnerId owner{};    ///< drop_owner() ends what it holds and waits for.
  GrantRef parent{};  ///< A live grant of the same caller, when it already holds lanes.
  Wait wait = Wait::allowed;
};

/// How one ticket ended.
struct Decision {
  TicketId ticket;
  ActorId actor;
  Outcome outcome = Outcome::pending;
  Reason reason = Reason::none;
  std::uint8_t lane_count = 0;                        ///< Of a granted ticket.
  std::array<GrantRef, kMaxLanesPerTicket> grants{};  ///< In ascending order of lane.
  MonoTime start{}, expires{};                        ///< `expires`: of the first lane.
};

/// A grant that ended without its holder's doing.
struct Ended {
  GrantRef grant;
  ActorId actor;
  Reason reason = Reason::none;
};

/// The arbiter.
///
/// Thread:     compatible; callers serialise access.
/// Requires:   `now` never decreases from call to call.
/// Invariants: at most one root grant a lane; tokens increase; each ticket ends exactly once; the
///             wait-for graph has no cycle. Each command first does what was due by `now`.
/// Cost:       O(waiting on the lane) per call; several lanes or nesting: O(all that wait).
///             Allocates only while tables grow to their bounds.
class Core {
 public:
  /// Records into `trace`, which must outlive it.
  /// Errors: invalid_argument (an option is outside its range).
  static Result<Core> create(const ArbiterOptions& options, TraceRing& trace, MonoTime now);

  /// Adds a lane whose tokens start above `high_water`, the mark of its last life.
  /// Errors: invalid_argument (option outside its range), resource_exhausted (max_lanes).
  Result<LaneId> add_lane(const LaneOptions& options, Token high_water, MonoTime now);
  /// A lane that is no longer used becomes another one, whose tokens start above both marks.
  /// Errors: invalid_argument, not_found, failed_precondition (held, or somebody waits).
  Result<void> renew_lane(LaneId lane, const LaneOptions& options, Token high_water, MonoTime now);
  /// Applies at once, also to the pacing debt; a running lease keeps its end.
  /// Errors: invalid_argument, not_found.
  Result<void> set_lane(LaneId lane, const LaneOptions& options, MonoTime now);
  /// Errors: invalid_argument, resource_exhausted (max_actors).
  Result<ActorId> add_actor(const ActorConfig& config, MonoTime now);
  /// The new priority counts from the next request, the pacing at once.
  /// Errors: invalid_argument, not_found.
  Result<void> set_actor(ActorId actor, const ActorConfig& config, MonoTime now);

  /// Queues a ticket. Its decision, maybe already there, is in decisions().
  /// Errors: invalid_argument, not_found (lane, actor), deadline_exceeded (deadline <= now),
  ///         failed_precondition (parent ended, waits already, or holds a wanted lane),
  ///         resource_exhausted (queue or table full), cancelled (closed). None queues anything.
  Result<TicketId> request(const Request& request, MonoTime now);
  /// Errors: not_found (it has ended); harmless.
  Result<void> cancel(TicketId ticket, MonoTime now);
  /// Ends one handle; the grant ends with its last. Errors: not_found (it has ended).
  Result<void> release(GrantRef grant, ShareId share, MonoTime now);
  /// Adds a handle. Errors: not_found, resource_exhausted (max_shares).
  Result<ShareId> share(GrantRef grant, MonoTime now);
  /// Moves the lease's end to now + max_hold, but while others wait not past start + max_hold.
  /// Errors: not_found, failed_precondition (others wait and the full hold is used).
  Result<MonoTime> renew(GrantRef grant, MonoTime now);
  /// Whether bytes of this grant may go out now; a refusal is counted and traced.
  bool may_send(GrantRef grant, MonoTime now);
  /// Takes the lane from its holder. Errors: not_found (free).
  Result<void> revoke(LaneId lane, MonoTime now);
  /// A connection or process ended: frees all it held, cancels all it waited for.
  void drop_owner(OwnerId owner, MonoTime now);
  /// Rejects all that wait; no request is taken any more.
  void close(MonoTime now);

  /// The holder of `grant` has taken, wants, or leaves a lock that is not a lane.
  /// Errors: not_found (grant), already_exists (lock held), resource_exhausted,
  ///         failed_precondition (it waits already, or the wait would close a cycle).
  Result<void> foreign_hold(GrantRef grant, std::uint64_t lock, MonoTime now);
  Result<void> foreign_wait(GrantRef grant, std::uint64_t lock, MonoTime now);
  Result<void> foreign_end(GrantRef grant, std::uint64_t lock, MonoTime now);

  /// Does all that is due. Call at next_event().
  void poll(MonoTime now);
  /// The earliest time at which poll() can do anything; MonoTime::max() if never.
  MonoTime next_event() const;

  /// What ended since the caller last cleared them.
  std::vector<Decision>& decisions() { return decisions_; }
  std::vector<Ended>& ended() { return ended_; }
  /// Lanes that look different since the last clear_changed(), as indexes.
  const std::vector<std::uint16_t>& changed() const { return changed_; }
  void clear_changed();

  /// Requires: the lane exists.
  LaneStatus status(LaneId lane, MonoTime now) const;
  /// All that wait, best first. Requires: the lane exists.
  std::vector<WaitingStatus> queue(LaneId lane, MonoTime now) const;

  /// The fast path takes an idle lane without rules to apply, and gives it back (core_fast.cc).
  bool can_park(LaneId lane) const;
  ParkedLane park(LaneId lane);
  void unpark(LaneId lane, const ParkedLane& state);
  /// An uncontended grant of the fast path becomes an ordinary one. Requires: just unparked.
  void adopt(LaneId lane, ActorId actor, MonoTime start, MonoTime now);
  /// Replays an uncontended grant. Requires: the lane is free and not parked.
  void replay_fast_hold(LaneId lane, ActorId actor, MonoTime start, MonoTime end);

  /// For tests, replay and status pages.
  const ArbiterOptions& options() const { return options_; }
  const std::vector<Lane>& lanes() const { return lanes_; }
  const std::vector<ActorState>& actors() const { return actors_; }
  const std::vector<Chain>& chains() const { return chains_; }
  const Ticket* find(TicketId ticket) const;
  const Ticket& ticket_at(Slot slot) const { return tickets_[slot]; }
  std::uint32_t effective_priority(const Ticket& ticket, MonoTime now) const;
  bool wait_graph_is_acyclic() const;
  bool closed() const { return closed_; }
  /// A number that differs when the state does.
  std::uint64_t digest() const;

#ifdef GK_ARBITER_MUTANTS
  void plant_for_test(MutantForTest mutant) { mutant_ = mutant; }
#endif

 private:
  Core(const ArbiterOptions& options, TraceRing& trace);

  // core.cc: tables.
  LaneOrder arbiter_order() const;
  Lane* lane_of(LaneId id);
  Hold* live(GrantRef grant);
  Slot new_ticket(const Request& request, MonoTime now);
  Slot new_chain(TicketId first, std::uint8_t priority);
  void drop_chain_if_done(Slot chain);
  void record(TraceEvent event, std::uint16_t lane, const Ticket& ticket, Reason reason,
              MonoTime now);
  void record(TraceEvent event, std::uint16_t lane, const Hold& hold, std::int64_t value,
              std::int64_t until, MonoTime now, Reason reason = Reason::none);

  // core_request.cc: commands.
  Result<Slot> check(const Request& request, MonoTime now);
  Result<void> check_parent(const Request& request, Slot& chain);
  Error refuse(const Request& request, Reason reason, MonoTime now);
  void settle_nested(Slot slot, MonoTime now);
  void end_ticket(Slot slot, Outcome outcome, Reason reason, MonoTime now);
  void end_hold(std::uint16_t lane, TraceEvent event, Reason reason, MonoTime end, MonoTime now);

  // core_choose.cc: rules 2 to 5.
  void advance(MonoTime now);
  void settle(MonoTime now);
  void due(std::uint16_t lane, MonoTime now);
  bool grant_on(std::uint16_t lane, MonoTime now);
  Slot pick(const Lane& lane, MonoTime now);
  Slot pick_several(const Lane& lane, MonoTime now);
  bool ready(const Ticket& ticket, MonoTime now) const;
  bool before(const Lane& lane, const Ticket& a, const Ticket& b, MonoTime now) const;
  bool first_everywhere(Slot slot, MonoTime now) const;
  bool nested_first_everywhere(Slot slot, MonoTime now) const;
  bool in_time(const Lane& lane, const Ticket& ticket, MonoTime now) const;
  MonoTime lane_time(const Lane& lane, const Ticket& ticket) const;
  bool free_for(const Ticket& ticket, MonoTime now) const;
  void grant(Slot slot, MonoTime now);
  MonoTime next_of(const Lane& lane, MonoTime now) const;
  MonoTime next_of_free(const Lane& lane, MonoTime now) const;
  MonoTime older_at(const Ticket& ticket, MonoTime now) const;
  Nanos aging_of(const Ticket& ticket) const;
  Group group_on(const Lane& lane, std::uint16_t actor) const;
  Group last_group(const Lane& lane) const;
  std::uint32_t hold_burst(const Lane& lane, std::uint16_t actor) const;
  void touch(std::uint16_t lane);
  void touch_all_waiting();

  // core_graph.cc: rules 9 and 10.
  bool wound_rivals(Slot slot, MonoTime now);
  bool closes_cycle(Slot chain) const;
  bool reaches(Slot from, Slot target, std::vector<bool>& seen) const;
  Slot foreign_holder(std::uint64_t lock) const;
  void refresh_inheritance(MonoTime now);
  std::uint32_t inherited_by(const Chain& chain, MonoTime now) const;

  ArbiterOptions options_;
  TraceRing* trace_;
  std::vector<Lane> lanes_;
  std::vector<ActorState> actors_;
  std::vector<Ticket> tickets_;
  std::vector<Slot> free_tickets_;
  std::vector<Chain> chains_;
  std::vector<Slot> free_chains_;
  std::vector<ForeignLock> foreign_;
  std::vector<Decision> decisions_;
  std::vector<Ended> ended_;
  std::vector<std::uint16_t> dirty_;  // Lanes that settle() looks at.
  std::vector<std::uint16_t> changed_;
  std::vector<MonoTime> next_;  // Per lane: when advance() can do anything there.
  std::vector<Slot> order_;     // Scratch of pick_several().
  std::uint64_t last_seq_ = 0;
  std::uint32_t waiting_ = 0;         // Tickets that wait.
  std::uint32_t nested_waiting_ = 0;  // Those whose chain holds or held a lane.
  std::uint8_t top_priority_ = 0;     // Pmax, for the waiting bound.
  MonoTime last_now_ = MonoTime::min();
  bool closed_ = false;
#ifdef GK_ARBITER_MUTANTS
  MutantForTest mutant_ = MutantForTest::none;
#endif
};

/// Errors: invalid_argument, naming the field and its range.
Result<void> check_options(const ArbiterOptions& options);
Result<void> check_options(const LaneOptions& options);
Result<void> check_options(const LaneOrder& order);
Result<void> check_options(const Pacing& pacing);

}  // namespace gk::arbiter
