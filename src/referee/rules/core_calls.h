// core_calls.h: everything but a movement: players, evidence, declarations, actions, answers.
// Included by core.h only.
// LONG: one template, whose parts share every helper; tests compile it with planted bugs.

#pragma once

#include "referee/rules/core.h"

namespace gk::referee {

inline Error no_player() { return {Errc::not_found, "no such player"}; }

template <class Bugs>
Core<Bugs>::Core(const RefereeOptions& options)
    : options_(options),
      limits_(make_limits(options)),
      bets_(make_bets(options)),
      ring_(options.max_explanations),
      items_(options.max_items) {
  for (std::size_t i = 0; i < confidence_.size(); ++i)
    confidence_[i] = confidence_of(static_cast<std::uint8_t>(i));
}

template <class Bugs>
Result<ProfileId> Core<Bugs>::add_profile(const MoveProfile& profile) {
  if (auto checked = check_profile(profile); !checked) return checked.error();
  for (std::size_t i = 0; i < profiles_.size(); ++i)
    if (profiles_[i].profile == profile) return ProfileId{i + 1};
  if (profiles_.size() >= options_.max_profiles)
    return Error{Errc::resource_exhausted, "max_profiles are in use"};
  profiles_.push_back(make_profile_limits(profile, options_));
  return ProfileId{profiles_.size()};
}

template <class Bugs>
Result<PlayerId> Core<Bugs>::add_player(ProfileId profile, std::int64_t now_us,
                                        std::optional<Vec3> spawn) {
  if (!profile || profile.value > profiles_.size())
    return Error{Errc::not_found, "no such profile"};
  if (spawn && !in_world(*spawn))
    return Error{Errc::invalid_argument, "spawn: expected numbers below 1e9"};
  std::size_t slot = hot_.size();
  if (!free_slots_.empty()) {
    slot = free_slots_.back();
    free_slots_.pop_back();
  } else {
    if (slot - retired_ >= options_.max_players)
      return Error{Errc::resource_exhausted, "max_players are in use"};
    hot_.emplace_back();
    cold_.emplace_back();
  }
  const std::uint16_t generation = hot_[slot].generation;
  Hot& hot = hot_[slot] = Hot{};
  cold_[slot] = Cold{};
  hot.generation = generation;
  hot.flags = kUsed;
  hot.profile = static_cast<std::uint16_t>(profile.value - 1);
  hot.base_us = static_cast<std::uint32_t>(limits_.join_us);
  hot.received_us = now_us;
  const PlayerId id = id_of(hot);
  if (spawn) (void)declare_teleport(id, *spawn, now_us);
  return id;
}

template <class Bugs>
Result<void> Core<Bugs>::remove_player(PlayerId player) {
  Hot* hot = find(player);
  if (!hot) return no_player();
  hot->flags = 0;
  ++hot->generation;
  // An id must never come back, so a slot is given up after 65,536 players.
  if (hot->generation == 0)
    ++retired_;
  else
    free_slots_.push_back(static_cast<std::uint32_t>(index_of(*hot)));
  return {};
}

template <class Bugs>
Result<void> Core<Bugs>::rtt(PlayerId player, std::int64_t rtt_us, std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return no_player();
  if (rtt_us < 0 || rtt_us > 60'000'000)
    return Error{Errc::invalid_argument, "rtt_us: expected 0 to 60 s"};
  Cold& cold = cold_of(*hot);
  hot->rtt_us = static_cast<std::uint32_t>(rtt_us);
  cold.min_rtt_us = std::min(cold.min_rtt_us, hot->rtt_us);
  cold.pong_us = now_us;
  cold.pong_rtt_us = hot->rtt_us;
  const std::int64_t rise = rtt_us - static_cast<std::int64_t>(cold.min_rtt_us);
  const std::int64_t elapsed =
      std::clamp<std::int64_t>(now_us - hot->received_us, 0, 1'000'000'000);
  if (rise > decayed_lag(hot->lag_us, hot->hold_us, elapsed, limits_)) {
    // The fields are as of received_us: the hold runs from now.
    const std::int64_t hold = hot->hold_us;
    note_lag(*hot, rise, Cause::rtt, 0, limits_);
    hot->lag_us = static_cast<std::uint32_t>(std::min(rise, limits_.max_us));
    hot->flags = static_cast<std::uint16_t>((hot->flags & ~kCauseMask) |
                                            (static_cast<unsigned>(Cause::rtt) << kCauseShift));
    hot->hold_us = static_cast<std::int32_t>(std::max(hold, limits_.hold_us + elapsed));
  }
  return {};
}

template <class Bugs>
void Core<Bugs>::tick(std::int64_t overrun_us, std::int64_t now_us) {
  const std::int64_t left = server_lag(now_us);
  if (overrun_us <= left) return;
  overrun_us_ = std::min(overrun_us, limits_.max_us);
  overrun_at_us_ = now_us;
}

template <class Bugs>
std::int64_t Core<Bugs>::server_lag(std::int64_t now_us) const {
  if (overrun_us_ == 0) return 0;
  return decayed_lag(overrun_us_, limits_.hold_us,
                     std::max<std::int64_t>(0, now_us - overrun_at_us_), limits_);
}

template <class Bugs>
std::int64_t Core<Bugs>::lag_now(const Hot& hot, std::int64_t now_us) const {
  const std::int64_t elapsed = std::max<std::int64_t>(0, now_us - hot.received_us);
  return std::max(decayed_lag(hot.lag_us, hot.hold_us, elapsed, limits_), server_lag(now_us));
}

template <class Bugs>
Result<void> Core<Bugs>::claim(PlayerId player, const Claim& claim, std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return no_player();
  Cold& cold = cold_of(*hot);
  const auto nominal = static_cast<std::int64_t>(profiles_[hot->profile].profile.nominal_us);
  const bool steady = (hot->flags & kPlaced) && now_us - hot->received_us < 2 * nominal &&
                      claim.duration_us > 2 * nominal + 50'000;
  note_claim(*hot, cold, claim, now_us, options_.claims_per_second, steady);
  if (Bugs::claims_widen_credit) note_lag(*hot, claim.duration_us, Cause::silence, 0, limits_);
  return {};
}

inline void set_flag(Hot& hot, unsigned flag) {
  hot.flags = static_cast<std::uint16_t>(hot.flags | flag);
}

template <class Bugs>
Result<void> Core<Bugs>::declare_teleport(PlayerId player, Vec3 target, std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return no_player();
  if (!in_world(target)) return Error{Errc::invalid_argument, "target: expected numbers below 1e9"};
  auto& teleports = cold_of(*hot).declared.teleports;
  teleports[0] = teleports[1];
  teleports[1] = {now_us, target, true};
  set_flag(*hot, kDeclared);
  return {};
}

template <class Bugs>
Result<void> Core<Bugs>::declare_speed(PlayerId player, float factor, std::int64_t duration_us,
                                       std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return no_player();
  if (!(factor >= 0 && factor <= 1000) || duration_us < 0 || duration_us > kTimeLimitUs)
    return Error{Errc::invalid_argument, "factor: expected 0 to 1000, duration 0 or more"};
  for (SpeedEffect& effect : cold_of(*hot).declared.speeds) {
    if (effect.until_us != kNever) continue;
    effect = {now_us, now_us + duration_us, lag_now(*hot, now_us), factor, false};
    set_flag(*hot, kDeclared);
    return {};
  }
  return Error{Errc::resource_exhausted, "4 speed effects run already"};
}

template <class Bugs>
Result<void> Core<Bugs>::declare_knockback(PlayerId player, Vec3 velocity, float deceleration,
                                           std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return no_player();
  if (!in_world(velocity) || !(deceleration >= 0 && deceleration < kFar))
    return Error{Errc::invalid_argument, "velocity, deceleration: expected numbers below 1e9"};
  const MoveProfile& profile = profiles_[hot->profile].profile;
  const bool solid = profile.space == Space::solid_3d;
  const float slow = deceleration > 0 ? deceleration : 10 * profile.units_per_metre;
  const float speed = std::hypot(velocity.x, solid ? velocity.z : velocity.y);
  hot->knock_d = std::min(kFar, hot->knock_d + speed * speed / (2 * slow) + 0.25F * speed);
  Declared& declared = cold_of(*hot).declared;
  declared.knock_at_us = now_us;
  declared.knock_until_us =
      now_us + 1'000'000 + static_cast<std::int64_t>(std::min(speed / slow, 60.0F) * 1e6F);
  declared.knock_late_us = lag_now(*hot, now_us);
  declared.knocked = true;
  if (solid && velocity.y > 0) {  // A new arc from here, whenever the client starts it.
    hot->arc_speed = std::min(kFar, std::max(hot->arc_speed, profile.max_rise_speed) + velocity.y);
    hot->ground.y = std::max(hot->ground.y, hot->position.y);
    hot->air_low_us = hot->air_high_us = 0;
  }
  set_flag(*hot, kDeclared);
  return {};
}

template <class Bugs>
Result<void> Core<Bugs>::declare_profile(PlayerId player, ProfileId profile, std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return no_player();
  if (!profile || profile.value > profiles_.size())
    return Error{Errc::not_found, "no such profile"};
  Declared& declared = cold_of(*hot).declared;
  declared.old_profile = hot->profile;
  declared.profile_at_us = now_us;
  declared.profile_late_us = lag_now(*hot, now_us);
  declared.leaving_profile = true;
  // What was used of the slack stays the same share of it.
  const float scale =
      profiles_[profile.value - 1].profile.max_speed / profiles_[hot->profile].profile.max_speed;
  hot->pool_d *= scale;
  hot->carry_d *= scale;
  hot->slack_d *= scale;
  hot->profile = static_cast<std::uint16_t>(profile.value - 1);
  hot->arc_speed = 0;
  set_flag(*hot, kDeclared);
  return {};
}

template <class Bugs>
Result<void> Core<Bugs>::declare_free(PlayerId player, bool on, std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return no_player();
  Declared& declared = cold_of(*hot).declared;
  declared.leaving_free = declared.free && !on;
  declared.free = on;
  declared.free_off_us = now_us;
  declared.free_late_us = lag_now(*hot, now_us);
  set_flag(*hot, kDeclared);
  return {};
}

/// Radius of the ball in which the player may have been half a round trip ago.
template <class Bugs>
float Core<Bugs>::reachable_d(const Hot& hot, std::int64_t now_us) const {
  const std::int64_t age = std::clamp<std::int64_t>(now_us - hot.received_us, 0, limits_.max_us);
  const std::int64_t time = age + hot.rtt_us / 2 + credit_limit(hot, lag_now(hot, now_us), limits_);
  return profiles_[hot.profile].profile.max_speed * static_cast<float>(time) * 1e-6F;
}

template <class Bugs>
Verdict Core<Bugs>::refuse_action(Hot& hot, RefereeRule rule, Channel channel) {
  hot.hits = static_cast<std::uint8_t>(hot.hits | 1U << static_cast<unsigned>(channel));
  ++cold_of(hot).rejections;
  Verdict verdict = answer(hot, MoveOutcome::rejected);
  verdict.rule = rule;
  return verdict;
}

template <class Bugs>
Verdict Core<Bugs>::check_reach(PlayerId attacker, PlayerId target, float reach,
                                std::int64_t now_us) {
  Hot* from = find(attacker);
  const Hot* to = find(target);
  if (!from || !to) return Verdict{.outcome = MoveOutcome::unknown_player};
  if (!(reach >= 0) || !(from->flags & to->flags & kPlaced))
    return answer(*from, MoveOutcome::invalid);
  const float apart =
      distance_between(profiles_[from->profile].profile, from->position, to->position);
  if (apart <= reach + reachable_d(*from, now_us) + reachable_d(*to, now_us))
    return answer(*from, MoveOutcome::accepted);
  return refuse_action(*from, RefereeRule::reach, Channel::reach);
}

template <class Bugs>
Verdict Core<Bugs>::check_point(PlayerId player, Vec3 point, float reach, std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return Verdict{.outcome = MoveOutcome::unknown_player};
  if (!in_world(point) || !(reach >= 0) || !(hot->flags & kPlaced))
    return answer(*hot, MoveOutcome::invalid);
  const float apart = distance_between(profiles_[hot->profile].profile, hot->position, point);
  if (apart <= reach + reachable_d(*hot, now_us)) return answer(*hot, MoveOutcome::accepted);
  return refuse_action(*hot, RefereeRule::reach, Channel::reach);
}

template <class Bugs>
Verdict Core<Bugs>::check_action(PlayerId player, std::uint8_t type, std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return Verdict{.outcome = MoveOutcome::unknown_player};
  if (type >= kActionTypes) return answer(*hot, MoveOutcome::invalid);
  const ActionLimit& limit = options_.actions[type];
  if (limit.per_second <= 0) return answer(*hot, MoveOutcome::accepted);
  const auto cost = static_cast<std::int64_t>(std::min(1e6F / limit.per_second, 1e12F));
  const auto burst =
      static_cast<std::int64_t>(std::min(static_cast<float>(cost) * (limit.burst - 1), 1e17F));
  std::int64_t& arrival = cold_of(*hot).action_us[type];
  // Actions that waited in a silence the server saw may come together.
  if (arrival - now_us > burst + lag_now(*hot, now_us))
    return refuse_action(*hot, RefereeRule::rate, Channel::rate);
  arrival = std::max(arrival, now_us) + cost;
  return answer(*hot, MoveOutcome::accepted);
}

template <class Bugs>
Verdict Core<Bugs>::take_item(PlayerId player, std::uint64_t item, Vec3 point, float reach,
                              float lane_y, float lane_half, std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return Verdict{.outcome = MoveOutcome::unknown_player};
  if (!(lane_half >= 0) || !std::isfinite(lane_y) || !in_world(point))
    return answer(*hot, MoveOutcome::invalid);
  if (!(std::fabs(point.y - lane_y) <= lane_half))
    return refuse_action(*hot, RefereeRule::lane, Channel::reach);
  const Verdict near = check_point(player, point, reach, now_us);
  if (near.outcome != MoveOutcome::accepted) return near;
  if (items_.add(item) != ItemTable::Added::yes)
    return refuse_action(*hot, RefereeRule::item, Channel::rate);
  return near;
}

template <class Bugs>
Result<Explanation> Core<Bugs>::explain(PlayerId player) const {
  const Hot* hot = find(player);
  if (!hot) return no_player();
  const std::uint64_t serial = cold_of(*hot).explanation;
  if (serial == 0 || explanations_ - serial >= ring_.size())
    return Error{Errc::not_found, "no refusal is kept for this player"};
  Explanation why = ring_[(serial - 1) % ring_.size()];
  write_sentence(why);
  return why;
}

template <class Bugs>
Result<PlayerStatus> Core<Bugs>::status(PlayerId player, std::int64_t now_us) const {
  const Hot* hot = find(player);
  if (!hot) return no_player();
  const Cold& cold = cold_of(*hot);
  PlayerStatus status;
  status.state = static_cast<PlayerState>((hot->flags & kStateMask) >> kStateShift);
  status.confidence = confidence_[hot->suspicion];
  status.max_e = cold.max_e;
  status.e = cold.e;
  status.position = hot->position;
  status.rejections = cold.rejections;
  status.order_events = cold.order_events;
  status.invalid_events = cold.invalid_events;
  status.claims = cold.claims_seen + cold.claims_dropped;
  status.claims_corroborated = cold.claims_corroborated;
  status.claims_dropped = cold.claims_dropped;
  status.gaps = cold.gaps;
  status.lag_us = lag_now(*hot, now_us);
  status.lag_cause = static_cast<LagCause>((hot->flags & kCauseMask) >> kCauseShift);
  if (server_lag(now_us) > 0 && server_lag(now_us) >= status.lag_us)
    status.lag_cause = LagCause::overrun;
  if (status.lag_us == 0) status.lag_cause = LagCause::none;
  status.credit_us = (hot->flags & kPlaced) ? now_us - hot->granted_us : 0;
  status.credit_limit_us = credit_limit(*hot, status.lag_us, limits_);
  status.credit_used_us = cold.credit_used_us;
  if (hot->flags & kHasClock)
    status.clock_drift_us =
        (hot->client_us - cold.join_client_us) - (hot->received_us - cold.join_received_us);
  const auto ratio = [](const RatioWindow& window) {
    if (window.last > 0 || window.full <= 0) return static_cast<float>(window.last);
    return static_cast<float>(window.distance / window.full);
  };
  status.distance_ratio_1m = ratio(cold.minute);
  status.distance_ratio_10m = ratio(cold.ten_minutes);
  status.distance_ratio = ratio(cold.session);
  return status;
}

template <class Bugs>
Result<void> Core<Bugs>::close(PlayerId player, std::int64_t now_us) {
  Hot* hot = find(player);
  if (!hot) return no_player();
  if ((hot->flags & kPlaced) && hot->block_left_us < limits_.block_us)
    close_block(*hot, cold_of(*hot), profiles_[hot->profile], bets_, now_us, limits_.block_us);
  return {};
}

template <class Bugs>
Result<void> Core<Bugs>::clear_suspicion(PlayerId player) {
  Hot* hot = find(player);
  if (!hot) return no_player();
  cold_of(*hot).e.fill(1);
  hot->flags = static_cast<std::uint16_t>(hot->flags & ~kStateMask);
  update_state(*hot, cold_of(*hot), bets_);
  return {};
}

template <class Bugs>
void Core<Bugs>::set_honest_rate(Channel channel, double rate) {
  // The bet stays below 1 / m, so that E never turns negative.
  const double most = channel == Channel::gap ? 0.45 : 0.12;
  bets_.honest_rate[static_cast<std::size_t>(channel)] =
      static_cast<float>(std::clamp(rate, 0.01, most));
  refresh_clean(bets_);
}

}  // namespace gk::referee
