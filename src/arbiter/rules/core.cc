#include "arbiter/rules/core.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace gk::arbiter {
namespace {

template <typename T>
Result<void> in_range(const char* name, T value, T low, T high, const char* range) {
  if (value >= low && value <= high) return {};
  return Error{Errc::invalid_argument, std::string(name) + " must be in " + range};
}

constexpr Nanos kHour = std::chrono::hours(1);  // chosen: the longest time of an option

}  // namespace

Result<void> check_options(const Pacing& pacing) {
  if (auto r = in_range("pacing.interval", pacing.interval, Nanos(0), kHour, "[0, 1 h]"); !r) {
    return r;
  }
  return in_range("pacing.tolerance", pacing.tolerance, Nanos(0), kHour, "[0, 1 h]");
}

Result<void> check_options(const LaneOptions& options) {
  if (auto r =
          in_range<Nanos>("switch_gap", options.switch_gap, Nanos(0), Seconds(60), "[0, 60 s]");
      !r) {
    return r;
  }
  if (auto r =
          in_range<Nanos>("max_hold", options.max_hold, Millis(1), Seconds(600), "[1 ms, 10 min]");
      !r) {
    return r;
  }
  if (options.order) {
    if (auto r = check_options(*options.order); !r) return r;
  }
  return check_options(options.pacing);
}

Result<void> check_options(const LaneOrder& order) {
  if (auto r = in_range<Nanos>("aging_step", order.aging_step, Millis(1), kHour, "[1 ms, 1 h]");
      !r) {
    return r;
  }
  if (auto r = in_range<std::uint32_t>("same_group_burst", order.same_group_burst, 0, kMaxBurst,
                                       "[0, 15]");
      !r) {
    return r;
  }
  return in_range<std::uint32_t>("max_waiting", order.max_waiting, 1, 4096, "[1, 4096]");
}

Result<void> check_options(const ArbiterOptions& options) {
  const auto number = [](const char* name, std::uint32_t value, std::uint32_t low,
                         std::uint32_t high,
                         const char* range) { return in_range(name, value, low, high, range); };
  Result<void> checks[] = {
      number("max_lanes", options.max_lanes, 1, 4096, "[1, 4096]"),
      number("max_actors", options.max_actors, 1, 1023, "[1, 1023]"),
      number("max_tickets", options.max_tickets, 1, 32768, "[1, 32768]"),
      number("max_waiting", options.max_waiting, 1, 4096, "[1, 4096]"),
      number("max_shares", options.max_shares, 1, 1024, "[1, 1024]"),
      number("same_group_burst", options.same_group_burst, 0, kMaxBurst, "[0, 15]"),
      number("trace_records", options.trace_records, 16, 1U << 20, "[16, 2^20]"),
      in_range<Nanos>("aging_step", options.aging_step, Millis(1), kHour, "[1 ms, 1 h]"),
      in_range<Nanos>("wait_timeout", options.wait_timeout, Millis(1), kHour, "[1 ms, 1 h]")};
  for (auto& check : checks) {
    if (!check) return check;
  }
  if (!std::has_single_bit(options.trace_records)) {
    return Error{Errc::invalid_argument, "trace_records must be a power of two"};
  }
  return {};
}

Core::Core(const ArbiterOptions& options, TraceRing& trace) : options_(options), trace_(&trace) {}

Result<Core> Core::create(const ArbiterOptions& options, TraceRing& trace, MonoTime now) {
  if (auto checked = check_options(options); !checked) return std::move(checked).error();
  Core core(options, trace);
  core.last_now_ = now;
  TraceRecord record;
  record.event = TraceEvent::config;
  record.time = now;
  record.value = options.aging_step.count();
  record.until = options.wait_timeout.count();
  record.depth = options.same_group_burst;
  record.eff = options.grouping == Grouping::off ? 1 : 0;
  record.token = options.max_waiting;
  trace.push(record);
  return core;
}

Result<LaneId> Core::add_lane(const LaneOptions& options, Token high_water, MonoTime now) {
  if (auto checked = check_options(options); !checked) return std::move(checked).error();
  if (lanes_.size() >= options_.max_lanes) {
    return Error{Errc::resource_exhausted,
                 "the arbiter has all of its " + std::to_string(options_.max_lanes) + " lanes"};
  }
  Lane lane;
  lane.high = lane.first = high_water;
  lanes_.push_back(std::move(lane));
  next_.push_back(MonoTime::max());
  const LaneId id(lanes_.size());
  if (auto set = set_lane(id, options, now); !set) return std::move(set).error();
  return id;
}

LaneOrder Core::arbiter_order() const {
  return {options_.aging_step, options_.same_group_burst, options_.max_waiting, options_.grouping};
}

Result<void> Core::renew_lane(LaneId id, const LaneOptions& options, Token high_water,
                              MonoTime now) {
  Lane* lane = lane_of(id);
  if (lane == nullptr) return Error{Errc::not_found, "no such lane"};
  if (auto checked = check_options(options); !checked) return checked;
  advance(now);
  if (lane->hold || !lane->queue.empty()) {
    return Error{Errc::failed_precondition, "the lane is held, or somebody waits for it"};
  }
  GK_ASSERT(!lane->parked);  // the fast path gives lanes back before options change
  const Token mark = std::max(lane->high, high_water);
  const bool changed = lane->changed;
  *lane = Lane{};
  lane->changed = changed;
  lane->high = lane->first = mark;
  return set_lane(id, options, now);
}

Result<void> Core::set_lane(LaneId id, const LaneOptions& options, MonoTime now) {
  Lane* lane = lane_of(id);
  if (lane == nullptr) return Error{Errc::not_found, "no such lane"};
  if (auto checked = check_options(options); !checked) return checked;
  advance(now);
  GK_ASSERT(!lane->parked);  // the fast path gives lanes back before options change
  const bool order_changes = lane->own_order || options.order.has_value();
  lane->options = {options.switch_gap, options.max_hold};
  lane->own_order = options.order.has_value();
  lane->order = options.order.value_or(arbiter_order());
  lane->gcra.set(options.pacing, now);
  TraceRecord record;
  record.time = now;
  record.lane = static_cast<std::uint32_t>(id.value);
  record.event = TraceEvent::config_lane;
  record.value = options.switch_gap.count();
  record.until = options.max_hold.count();
  record.token = lane->first.value;
  trace_->push(record);
  record.event = TraceEvent::pace_lane;
  record.value = options.pacing.interval.count();
  record.until = options.pacing.tolerance.count();
  trace_->push(record);
  if (order_changes) {
    record.event = TraceEvent::order_lane;
    record.value = lane->order.aging_step.count();
    record.until = 0;
    record.depth = lane->order.same_group_burst;
    record.eff = lane->order.grouping == Grouping::off ? 1 : 0;
    record.token = lane->order.max_waiting;
    record.flags = options.order ? 0 : 1;
    trace_->push(record);
  }
  touch(static_cast<std::uint16_t>(id.value - 1));
  settle(now);
  return {};
}

Result<ActorId> Core::add_actor(const ActorConfig& config, MonoTime now) {
  if (auto checked = check_options(config.pacing); !checked) return std::move(checked).error();
  if (actors_.size() >= options_.max_actors) {
    return Error{Errc::resource_exhausted,
                 "the arbiter has all of its " + std::to_string(options_.max_actors) + " actors"};
  }
  actors_.emplace_back();
  const ActorId id(actors_.size());
  if (auto set = set_actor(id, config, now); !set) return std::move(set).error();
  return id;
}

Result<void> Core::set_actor(ActorId id, const ActorConfig& config, MonoTime now) {
  if (id.value == 0 || id.value > actors_.size()) return Error{Errc::not_found, "no such actor"};
  if (auto checked = check_options(config.pacing); !checked) return checked;
  if (config.group >= kAloneBase) return Error{Errc::invalid_argument, "group is out of range"};
  advance(now);
  ActorState& actor = actors_[id.value - 1];
  actor.config = config;
  const bool alone = config.group == 0 || options_.grouping == Grouping::off;
  actor.group = alone ? static_cast<Group>(kAloneBase + id.value) : config.group;
  actor.gcra.set(config.pacing, now);
  top_priority_ = std::max(top_priority_, config.priority);
  TraceRecord record;
  record.time = now;
  record.actor = static_cast<std::uint16_t>(id.value);
  record.event = TraceEvent::config_actor;
  record.eff = config.priority;
  record.depth = config.group;
  trace_->push(record);
  record.event = TraceEvent::pace_actor;
  record.value = config.pacing.interval.count();
  record.until = config.pacing.tolerance.count();
  trace_->push(record);
  touch_all_waiting();
  settle(now);
  return {};
}

Lane* Core::lane_of(LaneId id) {
  return id.value >= 1 && id.value <= lanes_.size() ? &lanes_[id.value - 1] : nullptr;
}

Hold* Core::live(GrantRef grant) {
  Lane* lane = lane_of(grant.lane);
  if (lane == nullptr || !lane->hold || lane->hold->token != grant.token) return nullptr;
  return &*lane->hold;
}

const Ticket* Core::find(TicketId ticket) const {
  const std::size_t slot = ticket.value & 0xffff;
  if (!ticket || slot >= tickets_.size() || tickets_[slot].id != ticket) return nullptr;
  return &tickets_[slot];
}

Slot Core::new_ticket(const Request& request, MonoTime now) {
  if (free_tickets_.empty()) {
    free_tickets_.push_back(static_cast<Slot>(tickets_.size()));
    tickets_.emplace_back();
  }
  const Slot slot = free_tickets_.back();
  free_tickets_.pop_back();
  Ticket& ticket = tickets_[slot];
  ticket = Ticket{};
  ticket.id = TicketId(++last_seq_ << 16 | slot);  // order of the id is order of request
  ticket.enqueued = now;
  ticket.deadline = request.deadline;
  ticket.owner = request.owner;
  ticket.actor = static_cast<std::uint16_t>(request.actor.value - 1);
  ticket.priority = actors_[ticket.actor].config.priority;
  ticket.lane_count = static_cast<std::uint8_t>(request.lanes.size());
  for (std::size_t i = 0; i < request.lanes.size(); ++i) {
    ticket.lanes[i] = static_cast<std::uint16_t>(request.lanes[i].value - 1);
  }
  std::sort(ticket.lanes.begin(), ticket.lanes.begin() + ticket.lane_count);
  return slot;
}

Slot Core::new_chain(TicketId first, std::uint8_t priority) {
  if (free_chains_.empty()) {
    free_chains_.push_back(static_cast<Slot>(chains_.size()));
    chains_.emplace_back();
  }
  const Slot slot = free_chains_.back();
  free_chains_.pop_back();
  chains_[slot] = Chain{};
  chains_[slot].first = first;
  chains_[slot].priority = priority;
  return slot;
}

void Core::drop_chain_if_done(Slot slot) {
  Chain& chain = chains_[slot];
  if (!chain.first || chain.held != 0 || chain.waiting != kNoSlot) return;
  std::erase_if(foreign_, [slot](const ForeignLock& lock) { return lock.chain == slot; });
  chain = Chain{};
  free_chains_.push_back(slot);
}

void Core::record(TraceEvent event, std::uint16_t lane, const Ticket& ticket, Reason reason,
                  MonoTime now) {
  TraceRecord r;
  r.event = event;
  r.reason = reason;
  r.time = now;
  r.lane = lane + 1U;
  r.actor = static_cast<std::uint16_t>(ticket.actor + 1);
  r.ticket = ticket.id.value;
  r.value = (now - ticket.enqueued).count();
  r.depth = static_cast<std::uint32_t>(lanes_[lane].queue.size());
  r.eff = effective_priority(ticket, now);
  trace_->push(r);
}

void Core::record(TraceEvent event, std::uint16_t lane, const Hold& hold, std::int64_t value,
                  std::int64_t until, MonoTime now, Reason reason) {
  TraceRecord r;
  r.event = event;
  r.reason = reason;
  r.time = now;
  r.lane = lane + 1U;
  r.actor = static_cast<std::uint16_t>(hold.actor + 1);
  r.ticket = hold.ticket.value;
  r.token = hold.token.value;
  r.value = value;
  r.until = until;
  r.depth = static_cast<std::uint32_t>(lanes_[lane].queue.size());
  trace_->push(r);
}

}  // namespace gk::arbiter
