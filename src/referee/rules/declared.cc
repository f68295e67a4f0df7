#include "referee/rules/declared.h"

#include <algorithm>
#include <cmath>

namespace gk::referee {
namespace {

constexpr std::int64_t kTeleportUs = 5'000'000;  // Source: referee specification.
constexpr std::int64_t kLearnUs = 4'000'000;     // Source: longest stall of the link classes + rtt.
constexpr std::int64_t kResendUs =
    600'000;  // Source: three resends of a lost message, RFC 6298's floor.

// An effect that nobody was seen to use (no clock, or standing still) may have begun later still.
// Source: tuning seeds 2001 to 18000 (docs/performance-referee.md): five more resends.
constexpr std::int64_t kUnseenUs = 1'000'000;

// How late a client may have learnt of an effect: one round trip, lost messages, and lag.
std::int64_t lateness(const Hot& hot, std::int64_t late_us, std::int64_t lag_us) {
  return static_cast<std::int64_t>(hot.rtt_us) + kResendUs + std::max(late_us, lag_us);
}

// The largest lag seen while the effect's message may have been under way.
void learn_late(std::int64_t& late_us, std::int64_t at_us, std::int64_t now_us,
                std::int64_t lag_us) {
  if (now_us - at_us <= kLearnUs) late_us = std::max(late_us, lag_us);
}

float speed_factor(Hot& hot, Declared& declared, std::int64_t now_us, std::int64_t lag_us,
                   bool forever, bool& running) {
  float fast = 1;
  float slow = 1;
  for (SpeedEffect& effect : declared.speeds) {
    if (effect.until_us == kNever) continue;
    learn_late(effect.late_us, effect.at_us, now_us, lag_us);
    const std::int64_t late = lateness(hot, effect.late_us, lag_us);
    if (effect.factor >= 1) {
      const std::int64_t unseen = effect.used ? 0 : kUnseenUs;
      if (now_us > effect.until_us + late + unseen && !forever) {
        effect = SpeedEffect{};
        continue;
      }
      fast = std::max(fast, effect.factor);
    } else {
      if (now_us >= effect.until_us) {
        effect = SpeedEffect{};
        continue;
      }
      if (now_us > effect.at_us + late) slow = std::min(slow, effect.factor);
    }
    running = true;
  }
  return fast > 1 ? fast : slow;
}

bool knock_running(Hot& hot, Declared& declared, std::int64_t now_us, std::int64_t lag_us,
                   bool& hold_air) {
  learn_late(declared.knock_late_us, declared.knock_at_us, now_us, lag_us);
  const std::int64_t late = lateness(hot, declared.knock_late_us, lag_us);
  hold_air = now_us <= declared.knock_at_us + late;
  if (now_us <= declared.knock_until_us + late) return true;
  hot.knock_d = 0;
  declared.knocked = false;
  return false;
}

}  // namespace

Effective effective(Hot& hot, Cold& cold, const std::vector<ProfileLimits>& profiles,
                    std::int64_t now_us, std::int64_t lag_us, bool speed_forever) {
  Declared& declared = cold.declared;
  Effective now = plain(profiles[hot.profile].profile);
  bool running = declared.free;
  if (declared.leaving_profile) {
    learn_late(declared.profile_late_us, declared.profile_at_us, now_us, lag_us);
    const std::int64_t late = lateness(hot, declared.profile_late_us, lag_us);
    if (now_us <= declared.profile_at_us + late) {
      const Effective old = plain(profiles[declared.old_profile].profile);
      now.speed = std::max(now.speed, old.speed);
      now.arc.rise_speed = std::max(now.arc.rise_speed, old.arc.rise_speed);
      now.arc.gravity = std::min(now.arc.gravity, old.arc.gravity);
      running = true;
    } else {
      declared.leaving_profile = false;
    }
  }
  now.slack_speed = now.speed;
  now.speed *= speed_factor(hot, declared, now_us, lag_us, speed_forever, running);
  now.slack_speed = std::max(now.slack_speed, now.speed);
  if (declared.knocked && knock_running(hot, declared, now_us, lag_us, now.hold_air))
    running = true;
  now.free = declared.free;
  if (declared.leaving_free) {
    learn_late(declared.free_late_us, declared.free_off_us, now_us, lag_us);
    const std::int64_t late = lateness(hot, declared.free_late_us, lag_us);
    declared.leaving_free = now_us <= declared.free_off_us + late;
    if (declared.leaving_free) now.free = running = true;
  }
  for (const Teleport& teleport : declared.teleports) running = running || teleport.pending;
  if (!running) hot.flags = static_cast<std::uint16_t>(hot.flags & ~kDeclared);
  return now;
}

TeleportAnswer judge_teleport(Declared& declared, const MoveProfile& profile, float speed,
                              const Move& move, Vec3 old, bool chain_accepts, bool keep_spent,
                              Vec3& target) {
  for (std::size_t i = declared.teleports.size(); i-- > 0;) {  // Newest first.
    Teleport& teleport = declared.teleports[i];
    if (!teleport.pending) continue;
    const std::int64_t elapsed = std::max<std::int64_t>(0, move.received_us - teleport.at_us);
    const float seconds = static_cast<float>(std::min(elapsed, kTeleportUs)) * 1e-6F;
    const float radius = 2 * speed * (seconds + 0.3F) + 0.5F * profile.units_per_metre;
    const float away = distance_between(profile, move.position, teleport.target);
    const bool near = away <= radius;
    // Also when the old chain could explain it: a respawn must not cost time.
    const bool clear = away < distance_between(profile, move.position, old);
    const bool over = elapsed > kTeleportUs;
    if (near && (!chain_accepts || clear || over)) {
      // A newer arrival ends the older ones too.
      for (std::size_t k = 0; k <= i && !keep_spent; ++k) declared.teleports[k].pending = false;
      return TeleportAnswer::arrived;
    }
    const bool replaced = i + 1 < declared.teleports.size() && declared.teleports[i + 1].pending;
    if (over && replaced) {
      teleport.pending = false;
    } else if (over) {
      target = teleport.target;
      for (Teleport& each : declared.teleports) each.pending = false;
      return TeleportAnswer::expired;
    }
  }
  return TeleportAnswer::none;
}

void begin_effects(Declared& declared, std::int64_t since_us) {
  for (SpeedEffect& effect : declared.speeds) {
    if (effect.until_us == kNever || effect.used || effect.factor <= 1) continue;
    effect.used = true;
    effect.until_us += std::clamp<std::int64_t>(since_us - effect.at_us, 0, kLearnUs);
  }
}

std::uint8_t declaration_bits(const Declared& declared) {
  unsigned bits = 0;
  for (const Teleport& teleport : declared.teleports) bits |= teleport.pending ? 1U : 0U;
  for (const SpeedEffect& effect : declared.speeds) bits |= effect.until_us != kNever ? 2U : 0U;
  bits |= declared.knocked ? 4U : 0U;
  bits |= declared.leaving_profile ? 8U : 0U;
  bits |= declared.free || declared.leaving_free ? 16U : 0U;
  return static_cast<std::uint8_t>(bits);
}

float distance_between(const MoveProfile& profile, Vec3 a, Vec3 b) {
  const float dx = a.x - b.x;
  const float dy = a.y - b.y;
  const float dz = profile.space == Space::solid_3d ? a.z - b.z : 0.0F;
  return std::sqrt(dx * dx + dy * dy + dz * dz);
}

}  // namespace gk::referee
