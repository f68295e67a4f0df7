// gate.cc: the way past the mutex, the way through it, and the timer.

#include "arbiter/gate.h"

#include <algorithm>
#include <chrono>

#include "arbiter/gate_lane.h"
#include "base/assert.h"

namespace gk::arbiter {
namespace {

constexpr std::uint32_t kFastActor = 1U << 16;  // exists and has no pacing of its own

std::int64_t nanos(MonoTime time) { return time.time_since_epoch().count(); }
MonoTime mono(std::int64_t value) { return MonoTime(Nanos(value)); }

/// How often a waiting thread looks before it sleeps. Source: bench/arbiter_bench, hand-over.
constexpr int kSpins = 100;

}  // namespace

Gate::Section::Section(Gate& gate) : gate_(gate) {
  gate_.mu_.lock();
  now_ = gate_.clock_.mono();  // under the mutex, so that Core sees time in order
  gate_.core_.poll(now_);
  gate_.collect(woken_);  // before a new ticket can take the slot of one that ended
}

Gate::Section::~Section() {
  gate_.finish(woken_, now_);
  gate_.mu_.unlock();
  gate_.wake(woken_);
}

void Gate::finish(Woken& woken, MonoTime now) {
  collect(woken);
  for (const std::uint16_t index : core_.changed()) {
    publish_status(index, now);
    if (core_.can_park(LaneId(index + 1U))) park(index);
  }
  core_.clear_changed();
  arm_timer();
}

void Gate::collect(Woken& woken) {
  for (const Decision& decision : core_.decisions()) {
    Waiter*& place = waiters_[decision.ticket.value & 0xffff];
    if (place == nullptr) continue;  // try_acquire reads its decision itself
    place->decision = decision;
    woken.waiters.push_back(place);
    place = nullptr;
  }
  core_.decisions().clear();
  if (on_ended_) {
    woken.ended.insert(woken.ended.end(), core_.ended().begin(), core_.ended().end());
  }
  core_.ended().clear();
}

void Gate::wake(const Woken& woken) {
  for (const Ended& ended : woken.ended) on_ended_(ended);
  for (Waiter* waiter : woken.waiters) {
    if (!waiter->callback) {
      // Its thread may return and end its life at once: after the store only the address is used.
      std::atomic<std::uint32_t>* done = &waiter->done;
      done->store(1, std::memory_order_release);
      done->notify_one();
      continue;
    }
    const std::unique_ptr<Waiter> owned(waiter);
    const Decision& d = waiter->decision;
    if (d.outcome == Outcome::granted) {
      waiter->callback(make_grant(d, 0));
    } else {
      waiter->callback(outcome_error(d.outcome, d.reason));
    }
  }
}

Grant Gate::make_grant(const Decision& decision, std::size_t index) {
  Grant grant;
  grant.gate_ = this;
  grant.lane_ = decision.grants[index].lane;
  grant.token_ = decision.grants[index].token;
  grant.share_ = ShareId(1);
  grant.actor_ = decision.actor;
  grant.start_ = decision.start;
  return grant;
}

// A lane's budget is 1 KB, with its name and its times in the rules' tables. A sink comes on top.
// Source: specification of the arbiter
static_assert(sizeof(Lane) + sizeof(std::string) + sizeof(MonoTime) <= 384);

Gate::GateLane* Gate::lane_at(LaneId lane) const {
  static_assert(sizeof(GateLane) <= 640);
  const bool known = lane.value >= 1 && lane.value <= lane_count_.load(std::memory_order_acquire);
  return known ? &lanes_[lane.value - 1] : nullptr;
}

/// Grants a parked lane with one compare-exchange, when no rule has anything to say: nobody
/// waits, nothing is paced, and the gap is over or not due.
bool Gate::try_fast(GateLane& lane, LaneId id, ActorId actor, MonoTime deadline, Grant& grant) {
  std::uint64_t word = lane.word.load(std::memory_order_acquire);
  const LaneWord state = LaneWord::unpack(word);
  if (state.mode != LaneMode::free || actor.value > options_.max_actors) return false;
  const std::uint32_t asks = actors_[actor.value].load(std::memory_order_acquire);
  if ((asks & kFastActor) == 0 || state.token == LaneWord::kTokenMask) return false;
  const MonoTime now = clock_.mono();  // after the word, so that it is not before the last end
  if (now >= deadline) return false;
  std::uint32_t burst = 1;
  if (state.actor != 0) {
    if (actors_[state.actor].load(std::memory_order_acquire) % kFastActor == asks % kFastActor) {
      burst = std::min(state.burst + 1, kMaxBurst);
    } else if (nanos(now) < lane.last_end.load(std::memory_order_relaxed) +
                                lane.gap.load(std::memory_order_relaxed)) {
      return false;
    }
  }
  const LaneWord held{LaneMode::held, state.epoch, burst, static_cast<std::uint32_t>(actor.value),
                      state.token + 1};
  if (!lane.word.compare_exchange_strong(word, held.pack(), std::memory_order_acq_rel))
    return false;
  grant.gate_ = this;
  grant.lane_ = id;
  grant.actor_ = actor;
  grant.share_ = ShareId(1);
  grant.start_ = now;
  grant.token_ = Token(lane.token_base.load(std::memory_order_relaxed) | held.token);
  lane.start.store(nanos(now), std::memory_order_relaxed);
  lane.start_token.store(grant.token_.value, std::memory_order_release);
  return true;
}

bool Gate::release_fast(const Grant& grant) {
  GateLane& lane = lanes_[grant.lane_.value - 1];
  std::uint64_t word = lane.word.load(std::memory_order_acquire);
  LaneWord state = LaneWord::unpack(word);
  const bool mine = state.mode == LaneMode::held && grant.share_ == ShareId(1) &&
                    state.token == (grant.token_.value & LaneWord::kTokenMask);
  if (!mine) return false;
  const MonoTime now = clock_.mono();
  // The place is taken before the lane is free, so the trace keeps the order of the lane.
  const std::uint64_t place = ring_.reserve();
  lane.last_end.store(nanos(now), std::memory_order_relaxed);
  state.mode = LaneMode::free;
  if (!lane.word.compare_exchange_strong(word, state.pack(), std::memory_order_acq_rel)) {
    ring_.discard(place);  // a rival came: Core has the grant now
    return false;
  }
  TraceRecord record;
  record.event = TraceEvent::fast_hold;
  record.time = now;
  record.lane = static_cast<std::uint32_t>(grant.lane_.value);
  record.actor = static_cast<std::uint16_t>(grant.actor_.value);
  record.token = grant.token_.value;
  record.value = (now - grant.start_).count();
  record.until = nanos(now);
  ring_.publish(place, record);
  return true;
}

/// Takes a parked lane back into Core, with its holder if it has one.
void Gate::make_slow(std::size_t index, MonoTime now) {
  GateLane& lane = lanes_[index];
  std::uint64_t word = lane.word.load(std::memory_order_acquire);
  LaneWord state;
  do {
    state = LaneWord::unpack(word);
    if (state.mode == LaneMode::slow) return;
  } while (!lane.word.compare_exchange_weak(
      word, LaneWord{LaneMode::slow, state.epoch + 1, 0, 0, state.token}.pack(),
      std::memory_order_acq_rel));
  const std::uint64_t token = lane.token_base.load(std::memory_order_relaxed) | state.token;
  const LaneId id(index + 1);
  const ActorId actor(state.actor);
  const auto last_end = state.actor == 0 ? MonoTime::min() : mono(lane.last_end.load());
  if (state.mode == LaneMode::free) {
    core_.unpark(id, {Token(token), actor, state.burst, last_end});
    return;
  }
  // Before this hold: one token less, and a burst that becomes this one when it is adopted.
  const bool first = state.burst <= 1;
  core_.unpark(id, {Token(token - 1), first ? ActorId() : actor, first ? 0 : state.burst - 1,
                    first ? MonoTime::min() : last_end});
  // Between its compare-exchange and its store of the start the holder has held for no time.
  const bool known = lane.start_token.load(std::memory_order_acquire) == token;
  core_.adopt(id, actor, known ? mono(lane.start.load(std::memory_order_relaxed)) : now, now);
}

void Gate::make_slow_all(MonoTime now) {
  for (std::size_t i = 0; i < core_.lanes().size(); ++i) make_slow(i, now);
}

/// Hands an idle lane to the fast path. Its status is published before.
void Gate::park(std::size_t index) {
  GateLane& lane = lanes_[index];
  const ParkedLane parked = core_.park(LaneId(index + 1));
  const std::uint32_t epoch = LaneWord::unpack(lane.word.load(std::memory_order_relaxed)).epoch;
  lane.token_base.store(parked.high.value & ~LaneWord::kTokenMask, std::memory_order_relaxed);
  if (parked.last_actor) {
    lane.last_end.store(nanos(parked.last_end), std::memory_order_relaxed);
  }
  const LaneWord word{LaneMode::free, epoch, parked.burst,
                      static_cast<std::uint32_t>(parked.last_actor.value),
                      parked.high.value & LaneWord::kTokenMask};
  lane.word.store(word.pack(), std::memory_order_release);
}

void Gate::set_fast_actor(ActorId actor, bool paced) {
  const std::uint32_t group = core_.actors()[actor.value - 1].group;
  actors_[actor.value].store(group | (paced ? 0 : kFastActor), std::memory_order_release);
}

Result<Decision> Gate::wait_for(const Request& request) {
  Waiter waiter;
  blocked_.fetch_add(1, std::memory_order_relaxed);
  const auto leave = [this] {
    if (blocked_.fetch_sub(1, std::memory_order_acq_rel) == 1) blocked_.notify_all();
  };
  {
    Section section(*this);
    if (request.parent.token) make_slow(request.parent.lane.value - 1, section.now());
    for (const LaneId lane : request.lanes) make_slow(lane.value - 1, section.now());
    const auto ticket = core_.request(request, section.now());
    if (!ticket) {
      const Error error = ticket.error();
      leave();
      return error;
    }
    waiters_[ticket->value & 0xffff] = &waiter;
  }
  for (int i = 0; i < kSpins && waiter.done.load(std::memory_order_acquire) == 0; ++i) {
    __builtin_ia32_pause();
  }
  while (waiter.done.load(std::memory_order_acquire) == 0) {
    waiter.done.wait(0, std::memory_order_acquire);
  }
  const Decision decision = waiter.decision;
  leave();
  if (decision.outcome != Outcome::granted) {
    return outcome_error(decision.outcome, decision.reason);
  }
  return decision;
}

void Gate::arm_timer() {
  const MonoTime next = core_.next_event();
  if (next >= timer_at_ || stopping_) return;  // a timer that is early looks and sleeps again
  timer_at_ = next;
  if (!timer_.joinable()) timer_ = std::thread([this] { run_timer(); });
  timer_wake_.notify_one();
}

void Gate::run_timer() {
  Woken woken;
  mu_.lock();
  while (!stopping_) {
    if (timer_at_ == MonoTime::max()) {
      timer_wake_.wait(mu_);
      continue;
    }
    // MonoTime is CLOCK_MONOTONIC, and so is steady_clock: an absolute time, never early.
    timer_wake_.wait_until(mu_,
                           std::chrono::steady_clock::time_point(timer_at_.time_since_epoch()));
    const MonoTime now = clock_.mono();
    if (now < timer_at_) continue;
    timer_at_ = MonoTime::max();
    core_.poll(now);
    finish(woken, now);
    mu_.unlock();
    wake(woken);
    woken.waiters.clear();
    woken.ended.clear();
    mu_.lock();
  }
  mu_.unlock();
}

}  // namespace gk::arbiter
