// gate_commands.cc: the commands of Gate that are not the fast path.

#include <algorithm>

#include "arbiter/gate.h"
#include "arbiter/gate_lane.h"

namespace gk::arbiter {
namespace {

constexpr std::size_t kMaxName = 64;  // bytes of a lane's, actor's or group's name

std::int64_t nanos(MonoTime time) { return time.time_since_epoch().count(); }
MonoTime mono(std::int64_t value) { return MonoTime(Nanos(value)); }

Error no_lane() { return {Errc::not_found, "no such lane"}; }
Error stale() { return {Errc::failed_precondition, "the grant has ended; its bytes are refused"}; }

Result<void> check_name(std::string_view name) {
  if (!name.empty() && name.size() <= kMaxName) return {};
  return Error{Errc::invalid_argument, "a name has 1 to 64 bytes"};
}

std::uint32_t millis_after(MonoTime from, MonoTime to) {
  const auto ms = std::chrono::duration_cast<Millis>(to - from).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms, 0, UINT32_MAX));
}

}  // namespace

Gate::Gate(const ArbiterOptions& options, const Clock& clock)
    : options_(options),
      clock_(clock),
      ring_(options.trace_records),
      lanes_(std::make_unique<GateLane[]>(options.max_lanes)),
      actors_(std::make_unique<std::atomic<std::uint32_t>[]>(options.max_actors + 1U)),
      core_(Core::create(options, ring_, clock.mono()).value()),  // checked by create()
      waiters_(options.max_tickets, nullptr) {}  // A slot is reused: it is below what may wait.

Result<std::unique_ptr<Gate>> Gate::create(const ArbiterOptions& options, const Clock& clock) {
  if (auto checked = check_options(options); !checked) return std::move(checked).error();
  std::unique_ptr<Gate> gate(new Gate(options, clock));
  for (const KnownActor& known : kKnownActors) {
    if (gate->actor_names_.size() == options.max_actors) break;
    auto added = gate->set_actor(known.name, {std::string(known.group), known.priority, {}});
    if (!added) return std::move(added).error();
  }
  return gate;
}

Gate::~Gate() {
  shutdown();
  for (auto left = blocked_.load(); left != 0; left = blocked_.load()) blocked_.wait(left);
}

void Gate::shutdown() {
  std::thread timer;
  {
    Section section(*this);
    make_slow_all(section.now());
    if (!core_.closed()) core_.close(section.now());
    stopping_ = true;
    timer_wake_.notify_one();
    timer.swap(timer_);
  }
  if (timer.joinable()) timer.join();
}

Result<LaneId> Gate::add_lane(std::string_view name, const LaneOptions& options, Token high_water) {
  if (auto checked = check_name(name); !checked) return std::move(checked).error();
  Section section(*this);
  if (std::find(lane_names_.begin(), lane_names_.end(), name) != lane_names_.end()) {
    return Error{Errc::already_exists, "there is a lane named " + std::string(name)};
  }
  const auto unused = std::find(lane_names_.begin(), lane_names_.end(), "");
  LaneId id(static_cast<std::uint64_t>(unused - lane_names_.begin()) + 1);
  if (unused != lane_names_.end()) {
    make_slow(id.value - 1, section.now());
    auto again = core_.renew_lane(id, options, high_water, section.now());
    if (!again) return std::move(again).error();
    *unused = name;
  } else {
    auto added = core_.add_lane(options, high_water, section.now());
    if (!added) return added;
    id = *added;
    lane_names_.emplace_back(name);
  }
  GateLane& lane = lanes_[id.value - 1];
  lane.first_token.store(core_.lanes()[id.value - 1].first.value, std::memory_order_relaxed);
  keep_options(id);
  lane_count_.store(lane_names_.size(), std::memory_order_release);
  return id;
}

void Gate::keep_options(LaneId id) {
  const Lane& from = core_.lanes()[id.value - 1];
  GateLane& lane = lanes_[id.value - 1];
  lane.gap.store(from.options.switch_gap.count(), std::memory_order_relaxed);
  lane.max_hold.store(from.options.max_hold.count(), std::memory_order_relaxed);
  lane.aging.store(from.order.aging_step.count(), std::memory_order_relaxed);
}

Result<void> Gate::remove_lane(LaneId id) {
  if (lane_at(id) == nullptr) return no_lane();
  Section section(*this);
  make_slow(id.value - 1, section.now());
  const Lane& lane = core_.lanes()[id.value - 1];
  if (lane.hold || !lane.queue.empty()) {
    return Error{Errc::failed_precondition, "the lane is held, or somebody waits for it"};
  }
  lane_names_[id.value - 1].clear();
  return {};
}

void Gate::set_on_ended(std::function<void(const Ended&)> on_ended) {
  on_ended_ = std::move(on_ended);
}

Result<void> Gate::set_lane(LaneId id, const LaneOptions& options) {
  if (lane_at(id) == nullptr) return no_lane();
  Section section(*this);
  make_slow(id.value - 1, section.now());
  auto set = core_.set_lane(id, options, section.now());
  if (set) keep_options(id);
  return set;
}

Result<void> Gate::set_sink(LaneId id, Arbiter::Sink sink) {
  GateLane* lane = lane_at(id);
  if (lane == nullptr) return no_lane();
  const MutexLock lock(lane->send_mu);
  lane->sink = sink ? std::make_unique<Arbiter::Sink>(std::move(sink)) : nullptr;
  return {};
}

Result<Group> Gate::group_number(const std::string& name) {
  if (name.empty()) return Group{0};
  if (auto checked = check_name(name); !checked) return std::move(checked).error();
  auto place = std::find(groups_.begin(), groups_.end(), name);
  if (place == groups_.end()) {
    if (groups_.size() + 1 >= kAloneBase) {
      return Error{Errc::resource_exhausted, "too many groups"};
    }
    place = groups_.insert(groups_.end(), name);
  }
  return static_cast<Group>(place - groups_.begin() + 1);
}

Result<ActorId> Gate::set_actor(std::string_view name, const ActorOptions& options) {
  if (auto checked = check_name(name); !checked) return std::move(checked).error();
  Section section(*this);
  auto group = group_number(options.group);
  if (!group) return std::move(group).error();
  make_slow_all(section.now());  // a parked lane knows the old group
  const ActorConfig config{*group, options.priority, options.pacing};
  const auto place = std::find(actor_names_.begin(), actor_names_.end(), name);
  ActorId id(static_cast<std::uint64_t>(place - actor_names_.begin()) + 1);
  if (place == actor_names_.end()) {
    auto added = core_.add_actor(config, section.now());
    if (!added) return added;
    actor_names_.emplace_back(name);
    id = *added;
  } else if (auto set = core_.set_actor(id, config, section.now()); !set) {
    return std::move(set).error();
  }
  set_fast_actor(id, options.pacing.interval != Nanos(0));
  return id;
}

Result<ActorId> Gate::actor(std::string_view name) {
  {
    const MutexLock lock(mu_);
    const auto place = std::find(actor_names_.begin(), actor_names_.end(), name);
    if (place != actor_names_.end()) {
      return ActorId(static_cast<std::uint64_t>(place - actor_names_.begin()) + 1);
    }
  }
  return set_actor(name, {});
}

Result<LaneId> Gate::lane(std::string_view name) const {
  const MutexLock lock(mu_);
  const auto place = std::find(lane_names_.begin(), lane_names_.end(), name);
  if (place == lane_names_.end()) return no_lane();
  return LaneId(static_cast<std::uint64_t>(place - lane_names_.begin()) + 1);
}

Result<Grant> Gate::acquire(LaneId id, ActorId actor, MonoTime deadline) {
  GateLane* lane = lane_at(id);
  if (lane == nullptr) return no_lane();
  Grant grant;
  if (try_fast(*lane, id, actor, deadline, grant)) return grant;
  auto decision = wait_for({.actor = actor, .lanes = {&id, 1}, .deadline = deadline});
  if (!decision) return std::move(decision).error();
  return make_grant(*decision, 0);
}

Result<Grant> Gate::acquire_with_timeout(LaneId id, ActorId actor, Nanos timeout) {
  GateLane* lane = lane_at(id);
  if (lane == nullptr) return no_lane();
  Grant grant;
  if (try_fast(*lane, id, actor, MonoTime::max(), grant)) return grant;
  auto decision =
      wait_for({.actor = actor, .lanes = {&id, 1}, .deadline = clock_.mono() + timeout});
  if (!decision) return std::move(decision).error();
  return make_grant(*decision, 0);
}

Result<std::vector<Grant>> Gate::acquire_all(std::span<const LaneId> lanes, ActorId actor,
                                             MonoTime deadline) {
  for (const LaneId lane : lanes) {
    if (lane_at(lane) == nullptr) return no_lane();
  }
  auto decision = wait_for({.actor = actor, .lanes = lanes, .deadline = deadline});
  if (!decision) return std::move(decision).error();
  std::vector<Grant> grants;
  for (std::size_t i = 0; i < decision->lane_count; ++i) grants.push_back(make_grant(*decision, i));
  return grants;
}

Result<Grant> Gate::acquire_nested(const Grant& parent, LaneId lane, MonoTime deadline) {
  if (lane_at(lane) == nullptr) return no_lane();
  if (parent.gate_ != this) return Error{Errc::failed_precondition, "the parent grant has ended"};
  auto decision = wait_for({.actor = parent.actor_,
                            .lanes = {&lane, 1},
                            .deadline = deadline,
                            .parent = {parent.lane_, parent.token_}});
  if (!decision) return std::move(decision).error();
  return make_grant(*decision, 0);
}

std::optional<Grant> Gate::try_acquire(LaneId id, ActorId actor) {
  GateLane* lane = lane_at(id);
  if (lane == nullptr) return std::nullopt;
  Grant grant;
  if (try_fast(*lane, id, actor, MonoTime::max(), grant)) return grant;
  Section section(*this);
  make_slow(id.value - 1, section.now());
  const auto ticket = core_.request({.actor = actor,
                                     .lanes = {&id, 1},
                                     .deadline = section.now() + options_.wait_timeout,
                                     .wait = Wait::no},
                                    section.now());
  if (!ticket) return std::nullopt;
  for (const Decision& decision : core_.decisions()) {
    if (decision.ticket == *ticket && decision.outcome == Outcome::granted) {
      return make_grant(decision, 0);
    }
  }
  return std::nullopt;
}

Result<TicketId> Gate::acquire_async(const Request& request, Arbiter::Callback callback) {
  for (const LaneId lane : request.lanes) {
    if (lane_at(lane) == nullptr) return no_lane();
  }
  if (request.parent.token && lane_at(request.parent.lane) == nullptr) return no_lane();
  auto waiter = std::make_unique<Waiter>();
  waiter->callback = std::move(callback);
  Section section(*this);
  for (const LaneId lane : request.lanes) make_slow(lane.value - 1, section.now());
  if (request.parent.token) make_slow(request.parent.lane.value - 1, section.now());
  auto ticket = core_.request(request, section.now());
  if (ticket) waiters_[ticket->value & 0xffff] = waiter.release();
  return ticket;
}

Result<void> Gate::cancel(TicketId ticket) {
  Section section(*this);
  return core_.cancel(ticket, section.now());
}

Result<void> Gate::revoke(LaneId id) {
  if (lane_at(id) == nullptr) return no_lane();
  Section section(*this);
  make_slow(id.value - 1, section.now());
  return core_.revoke(id, section.now());
}

void Gate::drop_owner(OwnerId owner) {
  Section section(*this);
  core_.drop_owner(owner, section.now());
}

bool Gate::fast_token_is_live(const GateLane& lane, Token token) const {
  const LaneWord state = LaneWord::unpack(lane.word.load(std::memory_order_acquire));
  if (state.mode != LaneMode::held || state.token != (token.value & LaneWord::kTokenMask) ||
      lane.start_token.load(std::memory_order_acquire) != token.value) {
    return false;
  }
  const std::int64_t end =
      lane.start.load(std::memory_order_relaxed) + lane.max_hold.load(std::memory_order_relaxed);
  return nanos(clock_.mono()) < end;
}

bool Gate::may_send(LaneId id, Token token) {
  if (lane_at(id) == nullptr) return false;
  if (fast_token_is_live(lanes_[id.value - 1], token)) return true;
  Section section(*this);
  make_slow(id.value - 1, section.now());
  return core_.may_send({id, token}, section.now());
}

Result<void> Gate::send(LaneId id, Token token, std::span<const std::byte> bytes) {
  GateLane* lane = lane_at(id);
  if (lane == nullptr) return no_lane();
  // The sink is the lane itself, so it runs under the lane's send mutex: a token that was good
  // here is at the sink before any later one, even if its grant ends in between.
  const MutexLock lock(lane->send_mu);
  if (!may_send(id, token)) return stale();
  if (!lane->sink) return Error{Errc::failed_precondition, "the lane has no sink"};
  return (*lane->sink)(token, bytes);
}

void Gate::release(const Grant& grant) {
  if (release_fast(grant)) return;
  Section section(*this);
  make_slow(grant.lane_.value - 1, section.now());
  // Not found: the lease had ended, which the holder learns from send() and renew().
  (void)core_.release({grant.lane_, grant.token_}, grant.share_, section.now());
}

Result<Grant> Gate::sub(const Grant& grant) {
  Section section(*this);
  make_slow(grant.lane_.value - 1, section.now());
  auto share = core_.share({grant.lane_, grant.token_}, section.now());
  if (!share) return std::move(share).error();
  Grant out;
  out.gate_ = this;
  out.lane_ = grant.lane_;
  out.token_ = grant.token_;
  out.share_ = *share;
  out.actor_ = grant.actor_;
  out.start_ = grant.start_;
  return out;
}

Result<MonoTime> Gate::renew(const Grant& grant) {
  Section section(*this);
  make_slow(grant.lane_.value - 1, section.now());
  return core_.renew({grant.lane_, grant.token_}, section.now());
}

std::vector<WaitingStatus> Gate::queue(LaneId id) {
  if (lane_at(id) == nullptr) return {};
  Section section(*this);
  return core_.queue(id, section.now());
}

void Gate::publish_status(std::size_t index, MonoTime now) {
  const LaneId id(index + 1);
  const LaneStatus status = core_.status(id, now);
  LaneSnapshot out;
  out.token = status.token.value;
  out.start = nanos(now - status.held);
  out.expires = nanos(now + status.lease_left);
  out.cool_until = nanos(now + status.cooldown_left);
  out.holder = static_cast<std::uint32_t>(status.holder.value);
  out.shares = status.shares;
  out.eff = status.effective_priority;
  out.depth = status.depth;
  out.counters = status.counters;
  out.queue_size = status.queue_size;
  for (std::size_t i = 0; i < status.queue_size; ++i) {
    const WaitingStatus& from = status.queue[i];
    const Ticket& ticket = *core_.find(from.ticket);
    out.queue[i] = {from.ticket.value,
                    nanos(ticket.enqueued),
                    millis_after(ticket.enqueued, from.estimate),
                    millis_after(ticket.enqueued, from.bound),
                    static_cast<std::uint16_t>(from.actor.value),
                    ticket.priority,
                    static_cast<std::uint8_t>(from.ready ? 1 : 0),
                    ticket.inherited};
  }
  lanes_[index].snapshot.publish(out);
}

LaneStatus Gate::status(LaneId id) const {
  if (!has_lane(id)) return {};
  const GateLane& lane = *lane_at(id);
  const LaneSnapshot from = lane.snapshot.read();
  const LaneWord word = LaneWord::unpack(lane.word.load(std::memory_order_acquire));
  const MonoTime now = clock_.mono();
  LaneStatus out;
  out.counters = from.counters;
  if (word.mode != LaneMode::slow) {  // parked: the word knows better than the snapshot
    const std::uint64_t token = lane.token_base.load(std::memory_order_relaxed) | word.token;
    out.token = Token(token);
    out.counters.granted = token - lane.first_token.load(std::memory_order_relaxed);
    if (word.mode == LaneMode::held) {
      const bool known = lane.start_token.load(std::memory_order_acquire) == token;
      const MonoTime start = known ? mono(lane.start.load(std::memory_order_relaxed)) : now;
      out.holder = ActorId(word.actor);
      out.held = std::max(Nanos(0), now - start);
      out.lease_left = std::max(Nanos(0), Nanos(lane.max_hold.load()) - out.held);
      out.shares = 1;
    } else if (word.actor != 0) {
      out.cooldown_left =
          std::max(Nanos(0), mono(lane.last_end.load()) + Nanos(lane.gap.load()) - now);
    }
    return out;
  }
  out.token = Token(from.token);
  out.holder = ActorId(from.holder);
  out.shares = from.shares;
  out.effective_priority = from.eff;
  out.depth = from.depth;
  out.cooldown_left = std::max(Nanos(0), mono(from.cool_until) - now);
  if (out.holder) {
    out.held = std::max(Nanos(0), now - mono(from.start));
    out.lease_left = std::max(Nanos(0), mono(from.expires) - now);
  }
  out.queue_size = static_cast<std::uint32_t>(from.queue_size);
  for (std::size_t i = 0; i < out.queue_size; ++i) {
    const SnapshotEntry& entry = from.queue[i];
    const MonoTime enqueued = mono(entry.enqueued);
    const Nanos waited = std::max(Nanos(0), now - enqueued);
    const auto aged =
        entry.priority + static_cast<std::uint32_t>(waited / Nanos(lane.aging.load()));
    out.queue[i] = {TicketId(entry.ticket),
                    ActorId(entry.actor),
                    std::max(aged, entry.inherited),
                    waited,
                    enqueued + Millis(entry.estimate_ms),
                    enqueued + Millis(entry.bound_ms),
                    entry.ready != 0};
  }
  return out;
}

Token Gate::high_water(LaneId lane) const { return status(lane).token; }

}  // namespace gk::arbiter
