// state.h: what the referee remembers of one player.
//
// Split by how often it is read: Hot by every movement (two cache lines), Cold once a block, on a
// declaration, a claim, an action or a refusal. Units are in the names; `_d` is a distance.

#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "gamekeeper/referee_types.h"

namespace gk::referee {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min() / 4;

/// Bits of Hot::flags.
enum Flag : std::uint16_t {
  kUsed = 1,    // The slot holds a player.
  kPlaced = 2,  // A position is known.
  kHasSequence = 4,
  kHasClock = 8,
  kDeclared = 16,   // Cold::declared has something to say.
  kAnchored = 32,   // Ground was known once, so the airborne rule may speak.
  kAir = 64,        // The last movement was in the air.
  kCauseShift = 8,  // Two bits: what the lag evidence is (Cause).
  kCauseMask = 3 << 8,
  kStateShift = 10,  // Two bits: PlayerState.
  kStateMask = 3 << 10,
  kLandedOne = 1 << 12,  // Two bits: landings that were only possible, since the last seen one.
  kLandedTwice = 2 << 12,
  kLandedMask = 3 << 12,
};

/// What the lag evidence is made of.
enum class Cause : std::uint8_t { none = 0, silence = 1, rtt = 2, overrun = 3 };

/// Read and written by every movement.
struct alignas(64) Hot {
  std::int64_t granted_us = 0;         // V: up to here the player has used server time.
  std::int64_t received_us = 0;        // R0
  std::int64_t client_us = 0;          // C0
  std::int64_t drift_max_us = kNever;  // Largest C - R of this block.
  Vec3 position;
  Vec3 ground;                    // Last ground contact; y is the envelope's anchor.
  float pool_d = 0;               // Distance beyond the granted time, leaking.
  float carry_d = 0;              // Unused distance kept for clock rounding.
  float rise_d = 0;               // Rise beyond the rise speed, leaking.
  float knock_d = 0;              // K: declared knockback budget left.
  float arc_speed = 0;            // Initial speed of the present arc.
  std::uint32_t air_low_us = 0;   // Air time that is certain…
  std::uint32_t air_high_us = 0;  // …and possible.
  std::uint32_t lag_us = 0;       // Evidence when last updated (at received_us).
  std::int32_t hold_us = 0;       // Left of its hold.
  std::uint32_t base_us = 0;      // J: base credit now.
  std::uint32_t rtt_us = 0;       // Last measured.
  std::uint32_t stolen_us = 0;    // Client time not granted, this block.
  float slack_d = 0;              // Pool additions of this block.
  std::uint32_t sequence = 0;
  std::int32_t block_left_us = 0;
  std::uint32_t flood_us = 0;  // Level of the message-rate bucket.
  std::uint16_t profile = 0;
  std::uint16_t generation = 0;
  std::uint16_t flags = 0;
  std::uint8_t hits = 0;       // Channel bits of this block.
  std::uint8_t suspicion = 0;  // 8 * log2(largest E), saturated.
};
static_assert(sizeof(Hot) == 128, "two cache lines a player");

/// A declared speed factor; below 1 is a slowdown, 0 is frozen.
struct SpeedEffect {
  std::int64_t at_us = kNever, until_us = kNever;
  std::int64_t late_us = 0;  // Largest lag seen around its start: its end moves by as much.
  float factor = 1;
  bool used = false;  // A movement needed it; its time counts from then.
};

/// A declared teleport the client has not shown yet.
struct Teleport {
  std::int64_t at_us = kNever;
  Vec3 target;
  bool pending = false;
};

/// Everything declared for one player; read only when kDeclared is set.
struct Declared {
  std::array<SpeedEffect, 4> speeds;
  std::array<Teleport, 2> teleports;  // Oldest first; a third pushes out the first.
  std::int64_t knock_at_us = kNever, knock_until_us = kNever, knock_late_us = 0;
  std::int64_t profile_at_us = kNever, profile_late_us = 0;
  std::int64_t free_off_us = kNever, free_late_us = 0;
  std::uint16_t old_profile = 0;
  bool free = false;
  bool leaving_profile = false, leaving_free = false, knocked = false;
};

/// A claim kept for the explanation and for the softening of suspicion.
struct StoredClaim {
  std::int64_t at_us = kNever;
  std::uint32_t duration_us = 0;
  ClaimKind kind = ClaimKind::stutter;
  bool corroborated = false;
};

/// Distance over full speed between block ends, over a tumbling window.
struct RatioWindow {
  double distance = 0, full = 0, last = 0;
};

/// Read once a block (the first three lines of cache) and on rare events (the rest).
struct alignas(64) Cold {
  std::array<float, kChannels> e{1, 1, 1, 1, 1, 1, 1, 1};
  float max_e = 1;
  float reject_weight = 0;                              // Largest of this block.
  std::array<std::int64_t, 2> records{kNever, kNever};  // Largest C - R of two 8-s windows.
  std::int64_t record_turn_us = kNever;
  std::int64_t gap_block_us = kNever;
  std::int64_t block_from_us = 0;
  Vec3 block_from;
  std::uint32_t min_rtt_us = std::numeric_limits<std::uint32_t>::max();
  RatioWindow minute, ten_minutes, session;
  std::uint32_t blocks = 0;
  std::uint8_t order_run = 0, claims_this_second = 0;
  bool gap_hit = false, soften = false;

  std::int64_t join_received_us = 0, join_client_us = 0;
  std::int64_t refused_since_us = kNever;  // Last accepted arrival before a run of refusals.
  std::int64_t gap_end_us = kNever, gap_long_us = 0;
  std::int64_t pong_us = kNever;
  std::int64_t order_after_us = kNever;  // Hot::received_us at the last order event.
  std::int64_t order_from_us = kNever;   // Arrival of the first of the run.
  std::int64_t credit_used_us = 0;
  std::int64_t claim_second_us = kNever;
  std::uint64_t explanation = 0;                       // 1 + serial in the ring; 0 none.
  std::array<std::int64_t, kActionTypes> action_us{};  // GCRA theoretical arrival times.
  std::array<StoredClaim, 8> claims;
  Declared declared;
  std::uint32_t pong_rtt_us = 0;
  std::uint32_t rejections = 0, order_events = 0, invalid_events = 0;
  std::uint32_t claims_seen = 0, claims_corroborated = 0, claims_dropped = 0, gaps = 0;
};

/// A profile and what is derived from it once.
struct ProfileLimits {
  MoveProfile profile;
  float slack_d = 0;  // (slack - carry) at full speed.
  float carry_d = 0;
  float leak_d_per_us = 0;  // Pool leak.
  float envelope_d = 0;     // step + tolerance, units.
  float rise_pool_d = 0;
  std::uint32_t move_cost_us = 0;  // Of the message-rate bucket.
  std::uint32_t air_step_us = 0;   // Largest certain air time of one movement.
};

}  // namespace gk::referee
