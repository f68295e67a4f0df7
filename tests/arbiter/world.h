// world.h: a Core in virtual time, driven by numbers, and an oracle that looks after each step.
//
// The oracle recomputes from the state what the rules demand (who is first, what a holder
// inherits, whether somebody could start) with formulas of its own; trace_check.h does the same
// from the records. script.h drives it by numbers.

#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "arbiter/rules/core.h"

namespace gk::arbiter {

using namespace std::chrono_literals;

/// One step of a script: what, and two numbers that choose among what exists.
struct Step {
  std::uint8_t what = 0, a = 0, b = 0;
};

struct WorldOptions {
  ArbiterOptions arbiter;
  std::vector<LaneOptions> lanes;
  std::vector<ActorConfig> actors;
  bool nesting = true;  // Tickets of several lanes, and nested ones.
};

/// Two lanes, one of them paced; five actors: two share a group, one is paced.
inline WorldOptions crowded_world() {
  WorldOptions world;
  world.arbiter.max_waiting = 5;
  world.arbiter.aging_step = 70ms;
  world.arbiter.same_group_burst = 2;
  world.arbiter.max_shares = 3;
  world.arbiter.trace_records = 1U << 12;
  world.lanes = {{100ms, 250ms, {}}, {50ms, 400ms, {150ms, 150ms}}, {100ms, 300ms, {}}};
  world.actors = {{1, 100, {}}, {1, 98, {}}, {2, 98, {}}, {0, 90, {120ms, 60ms}}, {0, 95, {}}};
  return world;
}

/// One lane and simple tickets only, so that every grant is checked for rules 2 and 3.
inline WorldOptions simple_world() {
  WorldOptions world = crowded_world();
  world.lanes.resize(1);
  world.nesting = false;
  return world;
}

class World {
 public:
  explicit World(const WorldOptions& options, MutantForTest mutant = MutantForTest::none)
      : ring_(options.arbiter.trace_records),
        core_(Core::create(options.arbiter, ring_, now_).value()),
        options_(options.arbiter),
        nesting_(options.nesting) {
#ifdef GK_ARBITER_MUTANTS
    core_.plant_for_test(mutant);
#else
    (void)mutant;
#endif
    for (const auto& lane : options.lanes) (void)core_.add_lane(lane, Token(1000), now_).value();
    for (const auto& actor : options.actors) (void)core_.add_actor(actor, now_).value();
  }

  Core& core() { return core_; }
  MonoTime now() const { return now_; }
  std::vector<TraceRecord> trace() const { return ring_.snapshot(); }

  /// Time passes; the timer of the shell looks at each next_event().
  void pass(Nanos by) {
    const MonoTime target = now_ + by;
    for (int i = 0; i < 1000 && core_.next_event() <= target; ++i) {
      const MonoTime at = core_.next_event();
      if (at <= now_ && i > 100) return fail("12 next_event() does not move on");
      now_ = std::max(now_, at);
      core_.poll(now_);
      look();
    }
    now_ = target;
    core_.poll(now_);
    look();
  }

  void request(std::size_t actor, std::vector<LaneId> lanes, Nanos patience, GrantRef parent = {},
               Wait wait = Wait::allowed) {
    const OwnerId owner(1 + actor % 3);
    const auto id = core_.request({.actor = ActorId(1 + actor),
                                   .lanes = lanes,
                                   .deadline = now_ + patience,
                                   .owner = owner,
                                   .parent = parent,
                                   .wait = wait},
                                  now_);
    if (id) open_.push_back(*id);
    if (id && wait == Wait::no && core_.find(*id) != nullptr) fail("6 try_acquire waits");
    look();
  }

  void apply(const Step& step);
  std::optional<std::string> violation() const { return violation_; }
  void look();

  std::vector<GrantRef> live() const {
    std::vector<GrantRef> out;
    for (std::size_t i = 0; i < core_.lanes().size(); ++i) {
      const auto& hold = core_.lanes()[i].hold;
      if (hold) out.push_back({LaneId(i + 1), hold->token});
    }
    return out;
  }
  std::vector<TicketId> waiting() const {
    std::vector<TicketId> out;
    for (const TicketId id : open_) {
      if (core_.find(id) != nullptr) out.push_back(id);
    }
    return out;
  }

  void fail(const std::string& what) {
    if (!violation_) violation_ = "rule " + what;
  }

 private:
  std::uint32_t naive_eff(const Ticket& t) const {
    return t.priority + static_cast<std::uint32_t>((now_ - t.enqueued) / options_.aging_step);
  }
  std::uint32_t inherited(const Ticket& ticket, int depth) const;
  void look_at_decisions();
  void look_at_lane(std::size_t index);
  bool could_start(const Ticket& ticket) const;
  bool leads(const Lane& lane, const Ticket& ticket) const;
  void use_grant(const Step& step, GrantRef grant);

  MonoTime now_{1h};
  TraceRing ring_;
  Core core_;
  ArbiterOptions options_;
  bool nesting_;
  std::vector<TicketId> open_;
  std::set<std::uint64_t> decided_;
  std::vector<GrantRef> past_;
  std::optional<std::string> violation_;
};

inline void World::look_at_decisions() {
  for (const Decision& d : core_.decisions()) {
    if (!decided_.insert(d.ticket.value).second) fail("6 a second outcome");
    for (std::size_t i = 0; i < d.lane_count; ++i) past_.push_back(d.grants[i]);
  }
  core_.decisions().clear();
  core_.ended().clear();
  std::erase_if(open_, [this](TicketId id) {
    const bool decided = decided_.contains(id.value);
    if (decided == (core_.find(id) != nullptr)) fail("6 a ticket without exactly one outcome");
    return decided;
  });
}

inline std::uint32_t World::inherited(const Ticket& ticket, int depth) const {
  const Chain& chain = core_.chains()[ticket.chain];
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < chain.held && depth < 6; ++i) {
    for (const Slot slot : core_.lanes()[chain.lanes[i]].queue) {
      const Ticket& other = core_.ticket_at(slot);
      most = std::max({most, naive_eff(other), inherited(other, depth + 1)});
    }
  }
  return most;
}

inline bool World::leads(const Lane& lane, const Ticket& ticket) const {
  const auto group = [this](std::uint16_t actor) { return core_.actors()[actor].group; };
  const auto key = [&](const Ticket& t) {
    const bool favour = lane.burst < options_.same_group_burst && t.single() &&
                        lane.last_actor != 0 && group(t.actor) == group(lane.last_actor - 1);
    return std::make_tuple(std::max(naive_eff(t), inherited(t, 0)), favour, ~t.id.value);
  };
  for (const Slot slot : lane.queue) {
    const Ticket& other = core_.ticket_at(slot);
    const bool ready = core_.actors()[other.actor].gcra.earliest() <= now_;
    if (other.id != ticket.id && ready && key(other) > key(ticket)) return false;
  }
  return true;
}

inline bool World::could_start(const Ticket& ticket) const {
  if (core_.actors()[ticket.actor].gcra.earliest() > now_) return false;
  for (std::size_t i = 0; i < ticket.lane_count; ++i) {
    const Lane& lane = core_.lanes()[ticket.lanes[i]];
    if (lane.hold || lane.gcra.earliest() > now_ || !leads(lane, ticket)) return false;
    if (lane.last_actor == 0) continue;
    const bool same =
        core_.actors()[lane.last_actor - 1U].group == core_.actors()[ticket.actor].group;
    if (!same && now_ < lane.last_end + lane.options.switch_gap) return false;
  }
  return true;
}

inline void World::look_at_lane(std::size_t index) {
  const Lane& lane = core_.lanes()[index];
  if (lane.hold && lane.hold->expires <= now_) fail("7 a hung holder keeps its lane");
  if (lane.queue.size() > options_.max_waiting) fail("3 more wait than M");
  for (const Slot slot : lane.queue) {
    const Ticket& ticket = core_.ticket_at(slot);
    if (ticket.deadline <= now_) fail("6 a ticket waits past its deadline");
    if (could_start(ticket)) fail("work: a ticket waits that could start");
    const std::uint32_t eff = core_.effective_priority(ticket, now_);
    if (eff < inherited(ticket, 0)) fail("10 a holder inherits too little");
  }
}

inline void World::look() {
  look_at_decisions();
  for (std::size_t i = 0; i < core_.lanes().size(); ++i) look_at_lane(i);
  if (!core_.wait_graph_is_acyclic()) fail("9 the wait-for graph has a cycle");
}

}  // namespace gk::arbiter
