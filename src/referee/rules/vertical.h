// vertical.h: climbing and flying, in 3d.
//
// Two rules: rise is at most the rise speed times the granted time (with a small leaking pool for
// steps), and in the air the height stays below the highest arc that gravity allows since ground
// was last known. Air time is a range, because ground may have been left anywhere between two
// movements: the envelope takes the best moment of that range.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "referee/rules/bugs.h"
#include "referee/rules/state.h"

namespace gk::referee {

/// Air time that silences may excuse in one flight.
/// Source: twice the default max_credit: two of the longest silences that are forgiven.
inline constexpr std::uint32_t kExcusedAirUs = 6'000'000;

/// The vertical limits in force.
struct Arc {
  float rise_speed = 0, gravity = 0, max_fall_speed = 0;
};

/// Height above the anchor after `t` seconds of the highest arc.
inline float arc_height(float speed, const Arc& arc, float t) {
  if (arc.max_fall_speed > 0) {
    const float terminal = (speed + arc.max_fall_speed) / arc.gravity;
    if (t > terminal)
      return speed * terminal - arc.gravity * terminal * terminal / 2 -
             arc.max_fall_speed * (t - terminal);
  }
  return speed * t - arc.gravity * t * t / 2;
}

/// Whether the player may have touched its old ground since the last movement, and jumped again,
/// where the server saw no contact.
inline bool may_have_landed(const Hot& hot, const Arc& arc, float speed, std::uint32_t granted_us) {
  if (!(hot.flags & kAir)) return false;
  const float t = static_cast<float>(granted_us) * 1e-6F;
  // The lowest speed that the arc allows by now: it falls at most as fast as it rose.
  const float rising =
      std::max(-speed, speed - arc.gravity * static_cast<float>(hot.air_high_us) * 1e-6F);
  const float lowest = hot.position.y + rising * t - arc.gravity * t * t / 2;
  return lowest <= hot.ground.y && hot.position.y >= hot.ground.y - speed * t;
}

/// Forgives such a landing: within one interval twice in a row (real contact starts the count
/// anew); over a silence every time, but then the total air time still counts.
inline void forgive_landing(Hot& hot, const ProfileLimits& limits, std::uint32_t granted_us) {
  if (granted_us > 2 * limits.air_step_us) {
    hot.air_low_us = 0;
  } else if (!(hot.flags & kLandedTwice)) {
    hot.air_low_us = hot.air_high_us = 0;
    hot.flags = static_cast<std::uint16_t>((hot.flags + kLandedOne) & ~kAir);
  }
}

/// Judges the vertical part and advances the vertical state in `hot` (the caller keeps a copy to
/// restore on refusal). `unsure_us`: by how much the air time may be off either way, because
/// arrivals wait. `limit` receives the bound that was broken.
template <class Bugs>
RefereeRule judge_vertical(Hot& hot, const ProfileLimits& limits, const Arc& arc, const Move& move,
                           std::int64_t granted_us, std::int64_t elapsed_us, std::int64_t unsure_us,
                           bool hold_air, float& limit) {
  const float metre = limits.profile.units_per_metre;
  const float seconds = static_cast<float>(granted_us) * 1e-6F;
  const float speed = std::max(hot.arc_speed, arc.rise_speed);
  const float up = move.position.y - hot.position.y;
  hot.rise_d = std::max(0.0F, hot.rise_d - metre * static_cast<float>(elapsed_us) * 1e-6F);
  // Without a clock, rise was paid for in time already.
  const bool paid = !move.has_clock && arc.rise_speed > 0;
  if (up > 0 && !paid) hot.rise_d += std::max(0.0F, up - speed * seconds);
  if (hot.rise_d > limits.rise_pool_d) {
    limit = speed * seconds + limits.rise_pool_d;
    return RefereeRule::rise;
  }
  if (move.ground == Ground::contact) {
    hot.ground = move.position;
    hot.air_low_us = hot.air_high_us = 0;
    if (!hold_air) hot.arc_speed = arc.rise_speed;
    hot.flags = static_cast<std::uint16_t>((hot.flags | kAnchored) & ~(kAir | kLandedMask));
    return RefereeRule::none;
  }
  if (arc.gravity <= 0 || !(hot.flags & kAnchored)) return RefereeRule::none;
  const auto granted =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(granted_us, 0, 60'000'000));
  if (!hold_air && may_have_landed(hot, arc, speed, granted)) forgive_landing(hot, limits, granted);
  if (!Bugs::air_time_stops && hot.air_high_us < 3'600'000'000U) {
    hot.air_high_us += granted;
    // The first movement in the air may have left ground only just now.
    if ((hot.flags & kAir) && !hold_air) hot.air_low_us += std::min(granted, limits.air_step_us);
    if (hot.air_high_us > kExcusedAirUs)
      hot.air_low_us = std::max(hot.air_low_us, hot.air_high_us - kExcusedAirUs);
  }
  hot.flags = static_cast<std::uint16_t>(hot.flags | kAir);
  const auto sure_us = std::max<std::int64_t>(0, hot.air_low_us - unsure_us);
  const float low = static_cast<float>(sure_us) * 1e-6F;
  const float possible = static_cast<float>(hot.air_high_us + unsure_us) * 1e-6F;
  const float high = hold_air ? 1e3F : possible;
  const float best = std::clamp(speed / arc.gravity, low, std::max(low, high));
  limit = hot.ground.y + limits.envelope_d + arc_height(speed, arc, best);
  return move.position.y > limit ? RefereeRule::airborne : RefereeRule::none;
}

}  // namespace gk::referee
