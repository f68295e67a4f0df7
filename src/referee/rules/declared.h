// declared.h: what the game declared for a player: teleports, speed, knockback, profile, free.
//
// A client learns of an effect late, so each is honoured for one round trip and the lag evidence
// longer than it lasts. The evidence that counts is the largest around the start of the effect
// (the message may have waited in a stall) and the present one (the report may have).

#pragma once

#include <cstdint>
#include <vector>

#include "referee/rules/state.h"
#include "referee/rules/vertical.h"

namespace gk::referee {

/// The limits in force for one movement.
struct Effective {
  float speed = 0;
  float slack_speed = 0;  // Slack is measured in this: full speed even while frozen.
  Arc arc;
  bool free = false;      // Nothing is checked.
  bool hold_air = false;  // A knockback may still be on its way: air time waits.
};

/// The limits of `profile` with nothing declared.
inline Effective plain(const MoveProfile& profile) {
  return {profile.max_speed,
          profile.max_speed,
          {profile.max_rise_speed, profile.gravity, profile.max_fall_speed},
          false,
          false};
}

/// The limits at `now_us`; forgets what has ended and clears kDeclared when nothing is left.
Effective effective(Hot& hot, Cold& cold, const std::vector<ProfileLimits>& profiles,
                    std::int64_t now_us, std::int64_t lag_us, bool speed_forever);

/// What a pending teleport makes of a movement that the old chain refused or took.
enum class TeleportAnswer : std::uint8_t { none, arrived, expired };

/// `old`: the last accepted position. `chain_accepts`: the movement continues it. `target` is set
/// when expired.
TeleportAnswer judge_teleport(Declared& declared, const MoveProfile& profile, float speed,
                              const Move& move, Vec3 old, bool chain_accepts, bool keep_spent,
                              Vec3& target);

/// The client moved faster than without its speed effects, at the earliest at `since_us`: those not
/// used before begin now, at most kLearnUs late.
void begin_effects(Declared& declared, std::int64_t since_us);

/// Bits for Explanation::declarations.
std::uint8_t declaration_bits(const Declared& declared);

/// Straight distance in the space of the profile.
float distance_between(const MoveProfile& profile, Vec3 a, Vec3 b);

}  // namespace gk::referee
