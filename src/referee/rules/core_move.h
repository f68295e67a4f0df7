// core_move.h: one movement, from arrival to verdict. Included by core.h only.
// LONG: the path of one movement, read from top to bottom; a template for the planted bugs.

#pragma once

#include "referee/rules/core.h"

namespace gk::referee {

/// A fuller message bucket refuses. Source: chosen; 640 movements at once, more than the longest
/// forgiven silence can release (docs/referee.md, "Other checks").
inline constexpr std::uint32_t kFloodUs = 2'000'000;
/// So many old movements in a row mean that the client restarted its clock.
/// Source: chosen; networks reorder by fewer.
inline constexpr std::uint8_t kOrderRun = 8;
inline constexpr std::int64_t kOrderRunUs = 300'000;

/// Saturates: many invented seconds in one block must not wrap around to none.
inline void note_stolen(Hot& hot, std::int64_t stolen_us) {
  const std::int64_t sum = hot.stolen_us + std::min<std::int64_t>(stolen_us, 1'000'000);
  hot.stolen_us = static_cast<std::uint32_t>(std::min<std::int64_t>(sum, 60'000'000));
}

inline bool outside(const MoveProfile& profile, Vec3 p) {
  if (!profile.bounded_world) return false;
  if (p.x < profile.low.x || p.y < profile.low.y || p.x > profile.high.x || p.y > profile.high.y)
    return true;
  return profile.space == Space::solid_3d && (p.z < profile.low.z || p.z > profile.high.z);
}

template <class Bugs>
Hot* Core<Bugs>::find(PlayerId player) {
  const std::uint64_t slot = (player.value & 0xffffffffU) - 1;
  if (slot >= hot_.size()) return nullptr;
  Hot& hot = hot_[slot];
  const bool same = (player.value >> 32U) == hot.generation && (hot.flags & kUsed);
  return same ? &hot : nullptr;
}

template <class Bugs>
void Core<Bugs>::answer(const Hot& hot, MoveOutcome outcome, Verdict& out) const {
  out.outcome = outcome;
  out.rule = RefereeRule::none;
  out.state = static_cast<PlayerState>((hot.flags & kStateMask) >> kStateShift);
  out.adjusted = false;
  out.confidence = confidence_[hot.suspicion];
  out.credit_used_us = 0;
  out.set_back = hot.position;
}

template <class Bugs>
Verdict Core<Bugs>::answer(const Hot& hot, MoveOutcome outcome) const {
  Verdict verdict;
  answer(hot, outcome, verdict);
  return verdict;
}

template <class Bugs>
void Core<Bugs>::move_into(const Move& move, Verdict& out) {
  Hot* found = find(move.player);
  if (!found) [[unlikely]] {
    out = Verdict{.outcome = MoveOutcome::unknown_player};
    return;
  }
  Hot& hot = *found;
  if (!valid(move)) [[unlikely]] {
    ++cold_of(hot).invalid_events;
    return answer(hot, MoveOutcome::invalid, out);
  }
  const ProfileLimits& limits = profiles_[hot.profile];
  if (hot.flood_us < 2 * kFloodUs) hot.flood_us += limits.move_cost_us;
  if (!(hot.flags & kPlaced)) [[unlikely]] {
    out = place(hot, move);
    return;
  }
  Step step{.move = move, .limits = limits, .now = {}};
  if (!Bugs::stale_granted && move.has_sequence && (hot.flags & kHasSequence)) {
    const auto ahead = static_cast<std::int32_t>(move.sequence - hot.sequence);
    if (ahead <= 0) [[unlikely]] {
      out = out_of_order(hot, move, ahead == 0 ? MoveOutcome::duplicate : MoveOutcome::stale);
      return;
    }
  }
  step.elapsed_us = move.received_us - hot.received_us;
  step.claimed_us = step.elapsed_us;
  if (move.has_clock && (hot.flags & kHasClock)) {
    step.claimed_us = move.client_us - hot.client_us;
    if (Bugs::stale_granted && step.claimed_us < 0) step.claimed_us = -step.claimed_us;
    if (step.claimed_us <= 0) [[unlikely]] {
      out = out_of_order(hot, move,
                         step.claimed_us == 0 ? MoveOutcome::duplicate : MoveOutcome::stale);
      return;
    }
  }
  if (step.elapsed_us < 0) [[unlikely]] {  // The server's clock cannot run back: no time passed.
    ++cold_of(hot).order_events;
    step.elapsed_us = 0;
  }
  const RefereeRule rule = judge(hot, step);
  if ((hot.flags & kDeclared) || rule != RefereeRule::none) [[unlikely]] {
    out = slow_path(hot, step, rule);
    return;
  }
  accept(hot, step, out);
}

template <class Bugs>
RefereeRule Core<Bugs>::judge(Hot& hot, Step& step) {
  const Move& move = step.move;
  const std::int64_t now = hot.received_us + step.elapsed_us;
  hot.block_left_us -= static_cast<std::int32_t>(std::min<std::int64_t>(step.elapsed_us, 1 << 30));
  if (hot.block_left_us <= 0)
    close_block(hot, cold_of(hot), step.limits, bets_, now, limits_.block_us);
  const std::int64_t gap = step.elapsed_us - step.limits.profile.nominal_us;
  std::int64_t seen = gap;
  if (Bugs::client_silence) seen = std::max(gap, step.claimed_us);
  note_lag(hot, seen, Cause::silence, step.elapsed_us, limits_);
  if (gap >= 50'000) [[unlikely]]
    note_gap(cold_of(hot), step.elapsed_us, now);
  step.lag_us = std::max<std::int64_t>(hot.lag_us, server_lag(now));
  adapt_base(hot, step.lag_us, step.elapsed_us, move.has_clock, limits_);
  step.credit_us = credit_limit(hot, step.lag_us, limits_);
  step.now = (hot.flags & kDeclared)
                 ? effective(hot, cold_of(hot), profiles_, now, step.lag_us, Bugs::speed_forever)
                 : plain(step.limits.profile);
  hot.flood_us -= static_cast<std::uint32_t>(std::min<std::int64_t>(step.elapsed_us, hot.flood_us));
  if (move.has_clock) hot.drift_max_us = std::max(hot.drift_max_us, move.client_us - now);

  const bool solid = step.limits.profile.space == Space::solid_3d;
  const float dx = move.position.x - hot.position.x;
  const float dz = solid ? move.position.z - hot.position.z : move.position.y - hot.position.y;
  step.distance_d = dx * dx + dz * dz;  // Squared until judged.
  if (step.now.free) return RefereeRule::none;
  const bool flood = hot.flood_us > kFloodUs;
  if (flood || outside(step.limits.profile, move.position)) [[unlikely]] {
    step.distance_d = std::sqrt(step.distance_d);
    return flood ? RefereeRule::rate : RefereeRule::bounds;
  }
  return move.has_clock ? judge_clocked(hot, step) : judge_unclocked(hot, step);
}

/// V after the leak of this step.
template <class Bugs>
std::int64_t Core<Bugs>::leak(const Hot& hot, const Step& step, std::int64_t granted_us) const {
  return leaked_grant<Bugs>(granted_us, hot.received_us + step.elapsed_us, step.credit_us,
                            loose_credit(hot, limits_), step.elapsed_us, limits_);
}

template <class Bugs>
RefereeRule Core<Bugs>::judge_clocked(const Hot& hot, Step& step) {
  const std::int64_t now = hot.received_us + step.elapsed_us;
  step.grant = grant<Bugs>(hot.granted_us, step.claimed_us, now, limits_);
  step.grant.total_us = leak(hot, step, step.grant.total_us);
  const float seconds = static_cast<float>(step.grant.granted_us) * 1e-6F;
  const float tolerance = Bugs::tolerance_doubled ? 2 * limits_.tolerance - 1 : limits_.tolerance;
  const float open = step.now.speed * seconds * tolerance;
  const float scale = step.now.slack_speed / step.limits.profile.max_speed;
  const float carry_cap = step.limits.carry_d * scale;
  const float leak = step.limits.leak_d_per_us * scale * static_cast<float>(step.elapsed_us);
  step.pool_d = Bugs::pool_forgets ? 0 : std::max(0.0F, hot.pool_d - leak);
  step.carry_d = hot.carry_d;
  step.knock_d = hot.knock_d;
  const float squared = step.distance_d;
  if (squared <= open * open) {
    if (step.carry_d < carry_cap)
      step.carry_d = std::min(carry_cap, step.carry_d + open - std::sqrt(squared));
    step.allowed_d = open;
    return RefereeRule::none;
  }
  step.distance_d = std::sqrt(squared);
  const float slack = step.limits.slack_d * scale + (Bugs::carry_unpaid ? 50 * carry_cap : 0);
  // After a speed effect both are measured against plain speed again.
  step.pool_d = std::min(step.pool_d, slack);
  step.carry_d = std::min(step.carry_d, carry_cap);
  float excess = step.distance_d - open;
  const float knock = std::min(step.knock_d, excess);
  excess -= knock;
  const float carry = std::min(step.carry_d, excess);
  excess -= carry;
  step.allowed_d = open + step.knock_d + step.carry_d + std::max(0.0F, slack - step.pool_d);
  step.knock_d -= knock;
  step.carry_d -= carry;
  step.pool_d += excess;
  return excess > 0 && step.pool_d > slack ? name_excess(step) : RefereeRule::none;
}

template <class Bugs>
RefereeRule Core<Bugs>::judge_unclocked(const Hot& hot, Step& step) {
  const std::int64_t now = hot.received_us + step.elapsed_us;
  const std::int64_t total =
      Bugs::credit_never_leaks ? hot.granted_us : std::max(hot.granted_us, now - step.credit_us);
  step.distance_d = std::sqrt(step.distance_d);
  step.knock_d = hot.knock_d;
  step.carry_d = hot.carry_d;
  const float knock = std::min(hot.knock_d, step.distance_d);
  const float slowest = 1e-6F * step.limits.profile.max_speed;
  const float speed = std::max(slowest, step.now.speed) * limits_.tolerance;
  float cost = (step.distance_d - knock) / speed;
  if (step.now.arc.rise_speed > 0 && step.limits.profile.space == Space::solid_3d) {
    const float rise = std::max(hot.arc_speed, step.now.arc.rise_speed);
    cost = std::max(cost, (step.move.position.y - hot.position.y) / rise);
  }
  const auto cost_us = static_cast<std::int64_t>(std::ceil(std::min(cost, 1e6F) * 1e6F));
  const std::int64_t open = Bugs::clock_believed ? cost_us : std::max<std::int64_t>(0, now - total);
  const float scale = step.now.slack_speed / step.limits.profile.max_speed;
  const float slack = step.limits.slack_d * scale;
  const float leak = step.limits.leak_d_per_us * scale * static_cast<float>(step.elapsed_us);
  step.pool_d = std::clamp(hot.pool_d - leak, 0.0F, slack);
  step.grant = {std::min(cost_us, open), 0, total + std::min(cost_us, open)};
  step.knock_d -= knock;
  step.allowed_d = speed * static_cast<float>(open) * 1e-6F + hot.knock_d + slack - step.pool_d;
  const float excess =
      static_cast<float>(std::max<std::int64_t>(0, cost_us - open)) * 1e-6F * speed;
  step.pool_d += excess;
  return excess > 0 && step.pool_d > slack ? name_excess(step) : RefereeRule::none;
}

/// A refused distance: was it time that the client invented, a jump, or speed?
template <class Bugs>
RefereeRule Core<Bugs>::name_excess(const Step& step) const {
  const float metre = step.limits.profile.units_per_metre;
  const float believed = step.now.speed * static_cast<float>(step.claimed_us) * 1e-6F;
  if (step.distance_d > 3 * step.allowed_d + metre && step.distance_d > 1.5F * believed + metre)
    return RefereeRule::teleport;
  const bool own_speed = step.distance_d <= believed * limits_.tolerance + step.limits.carry_d;
  return step.grant.stolen_us > 0 && own_speed ? RefereeRule::clock : RefereeRule::speed;
}

template <class Bugs>
void Core<Bugs>::account(Hot& hot, const Step& step) {
  hot.received_us += step.elapsed_us;
  if (step.move.has_clock) {
    hot.client_us = step.move.client_us;
    hot.flags = static_cast<std::uint16_t>(hot.flags | kHasClock);
  }
  if (step.move.has_sequence) {
    hot.sequence = step.move.sequence;
    hot.flags = static_cast<std::uint16_t>(hot.flags | kHasSequence);
  }
}

/// Takes the position without judging: teleport arrived, free, or shadow mode.
template <class Bugs>
void Core<Bugs>::follow(Hot& hot, const Step& step, Vec3 position) {
  // Without a clock the jump itself would have eaten all credit.
  const std::int64_t spent = step.move.has_clock ? 0 : step.grant.granted_us;
  hot.granted_us = std::max(hot.granted_us, std::min(step.grant.total_us - spent, hot.received_us));
  hot.position = hot.ground = position;
  hot.air_low_us = hot.air_high_us = 0;
  hot.rise_d = 0;
  if (step.move.ground != Ground::unknown)
    hot.flags = static_cast<std::uint16_t>(hot.flags | kAnchored);
  cold_of(hot).block_from = position;
}

template <class Bugs>
void Core<Bugs>::accept(Hot& hot, const Step& step, Verdict& out) {
  if (step.limits.profile.space == Space::solid_3d && !step.now.free) {
    const Hot before = hot;
    float limit = 0;
    // Without a clock the arrival interval stands for the air time, give or take the credit.
    const std::int64_t air = step.move.has_clock ? step.grant.granted_us : step.elapsed_us;
    const RefereeRule rule =
        judge_vertical<Bugs>(hot, step.limits, step.now.arc, step.move, air, step.elapsed_us,
                             step.move.has_clock ? 0 : step.credit_us, step.now.hold_air, limit);
    if (rule != RefereeRule::none) [[unlikely]] {
      hot = before;
      Step refused = step;
      refused.distance_d =
          step.move.position.y - (rule == RefereeRule::rise ? before.position.y : before.ground.y);
      refused.allowed_d = rule == RefereeRule::rise ? limit : limit - before.ground.y;
      out = refuse(hot, refused, rule);
      return;
    }
  }
  const std::int64_t used = step.grant.granted_us - step.elapsed_us;
  hot.slack_d += std::max(0.0F, step.pool_d - hot.pool_d);
  hot.pool_d = step.pool_d;
  hot.carry_d = step.carry_d;
  hot.knock_d = step.knock_d;
  hot.granted_us = step.grant.total_us;
  note_stolen(hot, step.grant.stolen_us);
  hot.position = step.move.position;
  account(hot, step);
  answer(hot, MoveOutcome::accepted, out);
  if (used > 0 && step.lag_us > kSteadyLagUs) {
    out.adjusted = true;
    out.credit_used_us = static_cast<std::uint32_t>(used);
    cold_of(hot).credit_used_us += used;
  }
}

template <class Bugs>
Verdict Core<Bugs>::accept_slowly(Hot& hot, const Step& step) {
  Verdict verdict;
  accept(hot, step, verdict);
  return verdict;
}

/// A client that learns of a speed effect late also ends it late: its time counts from the first
/// movement that needed it (declared.cc: at most so late, and longer where that cannot be seen).
inline void note_use(const Hot& hot, Declared& declared, const Step& step) {
  const bool solid = step.limits.profile.space == Space::solid_3d;
  const float dx = step.move.position.x - hot.position.x;
  const float dz =
      solid ? step.move.position.z - hot.position.z : step.move.position.y - hot.position.y;
  const float way = std::sqrt(dx * dx + dz * dz);
  // By its own clock: what was granted says when the packet came, not how long it was under way.
  const float time = static_cast<float>(step.claimed_us) * 1e-6F;
  if (!step.move.has_clock ||
      way <= 1.02F * step.limits.profile.max_speed * time + step.limits.carry_d)
    return;
  begin_effects(declared, hot.received_us);
}

/// Declarations are in force, or a rule refused.
template <class Bugs>
Verdict Core<Bugs>::slow_path(Hot& hot, Step& step, RefereeRule rule) {
  Cold& cold = cold_of(hot);
  Declared& declared = cold.declared;
  if (step.now.free) {
    // Nothing is checked, but time passes: none of it is left when checking starts again.
    hot.granted_us = leak(hot, step, hot.granted_us);
    account(hot, step);
    follow(hot, step, step.move.position);
    return answer(hot, MoveOutcome::accepted);
  }
  if (hot.flags & kDeclared) {
    Vec3 target;
    const TeleportAnswer teleport =
        judge_teleport(declared, step.limits.profile, step.now.slack_speed, step.move, hot.position,
                       rule == RefereeRule::none, Bugs::teleport_unspent, target);
    if (teleport == TeleportAnswer::arrived && rule != RefereeRule::rate) {
      account(hot, step);
      follow(hot, step, step.move.position);
      hot.ground.y = std::max(hot.ground.y, hot.position.y);
      return answer(hot, MoveOutcome::accepted);
    }
    if (teleport == TeleportAnswer::expired) {
      follow(hot, step, target);
      return refuse(hot, step, RefereeRule::target);
    }
  }
  if (rule == RefereeRule::none) {
    note_use(hot, declared, step);
    return accept_slowly(hot, step);
  }
  return refuse(hot, step, rule);
}

template <class Bugs>
Verdict Core<Bugs>::refuse(Hot& hot, const Step& step, RefereeRule rule) {
  Cold& cold = cold_of(hot);
  if (cold.refused_since_us == kNever || hot.received_us > cold.refused_since_us + 10'000'000)
    cold.refused_since_us = hot.received_us;
  const std::int64_t now = hot.received_us + step.elapsed_us;
  const bool vertical = rule == RefereeRule::airborne || rule == RefereeRule::rise;
  const float since =
      static_cast<float>(std::max(step.grant.granted_us, now - cold.refused_since_us)) * 1e-6F;
  const float weight =
      std::fabs(step.distance_d) / std::max(1e-6F, step.now.slack_speed * std::max(since, 1e-3F));
  cold.reject_weight = std::max(cold.reject_weight, std::min(20.0F, vertical ? 2.0F : weight));
  unsigned hits = 1U << static_cast<unsigned>(Channel::reject);
  if (vertical) hits |= 1U << static_cast<unsigned>(Channel::airborne);
  if (rule == RefereeRule::rate) hits |= 1U << static_cast<unsigned>(Channel::rate);
  hot.hits = static_cast<std::uint8_t>(hot.hits | hits);
  hot.slack_d += step.limits.profile.max_speed * 0.05F;
  note_stolen(hot, step.grant.stolen_us);
  ++cold.rejections;
  record(hot, cold, step, rule);
  if (rule == RefereeRule::airborne && !limits_.shadow) {  // Back to the ground it left.
    hot.position = hot.ground;
    hot.air_low_us = hot.air_high_us = 0;
  }
  hot.granted_us = leak(hot, step, hot.granted_us);  // The grant is undone, the leak is not.
  account(hot, step);
  if (Bugs::refusal_keeps_grant) hot.position = step.move.position;
  if (limits_.shadow) {
    follow(hot, step, step.move.position);
    hot.pool_d = 0;
  }
  Verdict verdict = answer(hot, MoveOutcome::rejected);
  verdict.rule = rule;
  return verdict;
}

template <class Bugs>
Verdict Core<Bugs>::out_of_order(Hot& hot, const Move& move, MoveOutcome outcome) {
  Cold& cold = cold_of(hot);
  ++cold.order_events;
  if (cold.order_after_us != hot.received_us) {  // One was judged in between.
    cold.order_run = 0;
    cold.order_from_us = move.received_us;
  }
  cold.order_after_us = hot.received_us;
  if (outcome == MoveOutcome::stale && cold.order_run < kOrderRun) ++cold.order_run;
  // A burst may arrive in any order; a restart goes on for longer.
  if (cold.order_run >= kOrderRun && move.received_us - cold.order_from_us >= kOrderRunUs) {
    cold.order_run = 0;  // The client restarted: follow its clock from here, grant nothing.
    if (move.has_clock) {
      cold.join_client_us += move.client_us - hot.client_us;
      hot.client_us = move.client_us;
    }
    if (move.has_sequence) hot.sequence = move.sequence;
    cold.records = {kNever, kNever};
    hot.drift_max_us = kNever;
  }
  return answer(hot, outcome);
}

template <class Bugs>
Verdict Core<Bugs>::place(Hot& hot, const Move& move) {
  Cold& cold = cold_of(hot);
  hot.flags = static_cast<std::uint16_t>(hot.flags | kPlaced | (move.has_clock ? kHasClock : 0) |
                                         (move.has_sequence ? kHasSequence : 0) |
                                         (move.ground != Ground::unknown ? kAnchored : 0));
  hot.received_us = cold.join_received_us = cold.block_from_us = move.received_us;
  hot.client_us = cold.join_client_us = move.client_us;
  cold.record_turn_us = move.received_us;
  hot.sequence = move.sequence;
  hot.granted_us = move.received_us - limits_.join_us;
  hot.position = hot.ground = cold.block_from = move.position;
  hot.block_left_us = static_cast<std::int32_t>(limits_.block_us);
  return answer(hot, MoveOutcome::accepted);
}

template <class Bugs>
void Core<Bugs>::move_batch(std::span<const Move> moves, std::span<Verdict> verdicts) {
  GK_ASSERT(verdicts.size() >= moves.size());  // Documented requirement.
  constexpr std::size_t kAhead = 8;            // Source: bench/referee_bench, 2026-11.
  constexpr std::size_t kNear = 3;             // Source: the same; the hot state is here by then.
  const auto slot_of = [&](std::size_t i) { return (moves[i].player.value & 0xffffffffU) - 1; };
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (const auto slot = i + kAhead < moves.size() ? slot_of(i + kAhead) : ~std::uint64_t{0};
        slot < hot_.size()) {
      const char* line = reinterpret_cast<const char*>(&hot_[slot]);
      __builtin_prefetch(line, 1);
      __builtin_prefetch(line + 64, 1);
    }
    if (const auto slot = i + kNear < moves.size() ? slot_of(i + kNear) : ~std::uint64_t{0};
        slot < hot_.size() && hot_[slot].block_left_us <= 100'000) {  // Its block ends soon.
      const char* line = reinterpret_cast<const char*>(&cold_[slot]);
      __builtin_prefetch(line, 1);
      __builtin_prefetch(line + 64, 1);
      __builtin_prefetch(line + 128, 1);
    }
    move_into(moves[i], verdicts[i]);
  }
}

template <class Bugs>
void Core<Bugs>::record(const Hot& hot, Cold& cold, const Step& step, RefereeRule rule) {
  Explanation& why = ring_[explanations_ % ring_.size()];
  cold.explanation = ++explanations_;
  why = Explanation{};
  const auto us = [](std::int64_t t) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(t, 0, 0xffffffff));
  };
  why.player = id_of(hot);
  why.received_us = step.move.received_us;
  why.rule = rule;
  why.declarations = declaration_bits(cold.declared);
  why.claims = static_cast<std::uint16_t>(std::min(cold.claims_seen, 65535U));
  why.claims_corroborated = static_cast<std::uint16_t>(std::min(cold.claims_corroborated, 65535U));
  why.undeclared_teleport_hint = rule == RefereeRule::teleport;
  why.distance = step.distance_d;
  why.allowed = step.allowed_d;
  why.window_us = us(step.elapsed_us);
  why.claimed_us = us(step.claimed_us);
  why.granted_us = us(step.grant.granted_us);
  why.credit_us = us(step.grant.granted_us - step.elapsed_us);
  why.credit_limit_us = us(step.credit_us);
  const auto cause = static_cast<Cause>((hot.flags & kCauseMask) >> kCauseShift);
  if (cause == Cause::silence) why.silence_us = hot.lag_us;
  if (cause == Cause::rtt) why.rtt_rise_us = hot.lag_us;
  why.overrun_us = us(server_lag(step.move.received_us));
  why.from = hot.position;
  why.to = step.move.position;
  why.e_before = *std::max_element(cold.e.begin(), cold.e.end());
  why.e_after = projected_e(hot, cold, bets_);
}

}  // namespace gk::referee
