// referee_types.h: what a game server tells the referee, and what the referee answers.
//
// Plain values, so that a batch is one array and a C ABI can map them. Times are microseconds on
// two clocks that never mix: `received_us` is the server's monotonic clock, `client_us` is what
// the client says. Positions are in world units; `units_per_metre` scales the few fixed lengths.
// The rule, its proof and its trades: docs/referee.md.

#pragma once

#include <array>
#include <cstdint>

#include "gamekeeper/ids.h"

namespace gk {

struct PlayerTag;
struct ProfileTag;
using PlayerId = Id<PlayerTag>;    ///< Of one Referee; never reused while the slot's use differs.
using ProfileId = Id<ProfileTag>;  ///< Of one Referee.

/// A position or velocity. In 2d the plane is x,y and z is ignored; in 3d y is up.
struct Vec3 {
  float x = 0, y = 0, z = 0;
  friend bool operator==(const Vec3&, const Vec3&) = default;
};

/// Whether the world has a vertical axis with rules of its own.
enum class Space : std::uint8_t { flat_2d = 0, solid_3d = 1 };

/// `bounded` refuses; `shadow` judges the same way, but follows the client (first week).
enum class RefereeMode : std::uint8_t { bounded = 0, shadow = 1 };

/// How a kind of player may move. Speeds in units/s.
/// Source of step and tol: referee specification (trace format); max_rise_pool 2.2 m likewise.
struct MoveProfile {
  Space space = Space::flat_2d;
  float max_speed = 200;              ///< Horizontal. (0, 1e6]
  float max_rise_speed = 0;           ///< Jump or climb speed, 3d only. [0, 1e6]
  float gravity = 0;                  ///< units/s²; 0 = no airborne rule. [0, 1e6]
  float max_fall_speed = 0;           ///< Terminal speed; 0 = none. [0, 1e6]
  float units_per_metre = 1;          ///< Scales step, tol and the fixed lengths. (0, 1e5]
  float step_m = 0.6F;                ///< Height a walker may climb at once, metres. [0, 100]
  float tolerance_m = 0.3F;           ///< Of the airborne envelope, metres. [0, 100]
  std::uint32_t nominal_us = 50'000;  ///< Usual interval of movements. [1 ms, 10 s]
  bool bounded_world = false;         ///< Whether the box below applies.
  Vec3 low{};                         ///< Static bounds of the world, inclusive.
  Vec3 high{};
  friend bool operator==(const MoveProfile&, const MoveProfile&) = default;
};

/// Whether the client stands on ground, as far as the *server* knows.
enum class Ground : std::uint8_t { unknown = 0, air = 1, contact = 2 };

/// One report of a client's position.
struct Move {
  PlayerId player{};
  std::int64_t received_us = 0;  ///< Server clock on arrival.
  std::int64_t client_us = 0;    ///< Client clock; read only when `has_clock`.
  Vec3 position{};
  std::uint32_t sequence = 0;  ///< Rises by any step, wraps; read only when `has_sequence`.
  bool has_clock = true;
  bool has_sequence = true;
  Ground ground = Ground::unknown;
};

/// What became of a movement. Only `accepted` moves the player.
enum class MoveOutcome : std::uint8_t {
  accepted = 0,
  rejected = 1,   ///< Set the player back to `Verdict::set_back`.
  stale = 2,      ///< Older than one already judged; counted as order evidence.
  duplicate = 3,  ///< Same sequence or same client time; counted as order evidence.
  invalid = 4,    ///< NaN, infinity or a time out of range.
  unknown_player = 5,
};

/// Which rule refused.
enum class RefereeRule : std::uint8_t {
  none = 0,
  speed = 1,     ///< Farther than the time allowed.
  clock = 2,     ///< The client's clock ran ahead of the server's.
  teleport = 3,  ///< A jump no link explains; often a teleport that the server did not declare.
  rise = 4,      ///< Climbed faster than the rise speed.
  airborne = 5,  ///< Above the highest arc that gravity allows.
  bounds = 6,    ///< Outside the static box.
  rate = 7,      ///< More movements, or actions, than allowed.
  target = 8,    ///< Ignored a declared teleport until it expired.
  reach = 9,
  item = 10,  ///< Taken already.
  lane = 11,
};
inline constexpr std::size_t kRefereeRules = 12;

/// "none", "speed", …; "unknown" for a foreign value.
const char* referee_rule_name(RefereeRule rule);

/// Standing of a player: suspicion, never a verdict by itself.
enum class PlayerState : std::uint8_t { ok = 0, watch = 1, review = 2 };
const char* player_state_name(PlayerState state);

/// The answer to one movement or action.
struct Verdict {
  MoveOutcome outcome = MoveOutcome::accepted;
  RefereeRule rule = RefereeRule::none;
  PlayerState state = PlayerState::ok;
  bool adjusted = false;             ///< Credit for lag that the server saw was drawn.
  float confidence = 0;              ///< That something is wrong: 1 - 1/E, fraction [0, 1).
  std::uint32_t credit_used_us = 0;  ///< Drawn by this movement.
  Vec3 set_back{};                   ///< Where the player is, after this verdict.
};

/// What a client says about its own performance. Annotates; never widens what is accepted.
enum class ClaimKind : std::uint8_t { stutter = 0, low_fps = 1, memory_pressure = 2, metrics = 3 };
struct Claim {
  ClaimKind kind = ClaimKind::stutter;
  std::uint8_t severity = 1;  ///< 1 low, 2 medium, 3 high.
  std::uint32_t duration_us = 0;
};

/// A box-free action limit: GCRA with `per_second` and `burst`. Rate 0 = unlimited.
struct ActionLimit {
  float per_second = 0;
  float burst = 1;
};
inline constexpr std::size_t kActionTypes = 8;

/// Evidence channels; one bet a block each (docs/referee.md, "Evidence").
enum class Channel : std::uint8_t {
  needs_slack = 0,
  stolen_time = 1,
  airborne = 2,
  reach = 3,
  rate = 4,
  claim_mismatch = 5,
  gap = 6,
  reject = 7,
};
inline constexpr std::size_t kChannels = 8;
const char* channel_name(Channel channel);

/// Every tuned number of the referee. Times in microseconds, fractions as fractions.
/// Source: referee specification, "Bounded mode"; rows marked * are chosen, docs/referee.md.
struct RefereeOptions {
  RefereeMode mode = RefereeMode::bounded;
  std::int64_t base_credit_us = 250'000;      ///< J0: credit without evidence. [0, max_credit]
  std::int64_t min_base_credit_us = 60'000;   ///< *What J0 shrinks to on a steady link.
  std::int64_t join_credit_us = 1'000'000;    ///< At the first movement. [base, max_credit]
  std::int64_t loose_us = 400'000;            ///< *Credit beyond A that may wait for its leak, …
  std::int64_t min_loose_us = 20'000;         ///< *…and on a steady link. [0, loose]
  std::int64_t max_credit_us = 3'000'000;     ///< Bcap; competitive preset 1 s. [0, 10 s]
  std::int64_t slack_us = 150'000;            ///< Distance pool, in time at full speed. [0, 2 s]
  std::int64_t carry_us = 10'000;             ///< *Part of slack for clock rounding. [0, slack]
  double credit_leak = 0.1;                   ///< rho: leak of uncorroborated credit. [0, 1]
  double speed_tolerance = 0.005;             ///< eps. [0, 1]
  double pool_leak = 0.01;                    ///< Of the pool, share of full speed. [0, 1]
  std::int64_t evidence_hold_us = 4'000'000;  ///< Lag evidence holds, then decays. [0, 60 s]
  double evidence_decay = 0.5;                ///< Seconds a second. [0, 10]
  std::int64_t block_us = 1'000'000;          ///< One bet a block. [100 ms, 60 s]
  double bet = 8;                             ///< lambda. [0, 8]
  double honest_block_rate = 0.05;            ///< m: honest players hit at most so often. (0, .12]
  double watch_at = 1e2;                      ///< E. > 1
  double review_at = 1e4;                     ///< E. > watch_at
  double max_move_rate = 16;                  ///< *Movements per nominal interval. [1, 1000]
  std::uint32_t claims_per_second = 10;       ///< More are dropped. [1, 1000]
  std::uint32_t max_players = 1024;           ///< A further add_player fails. [1, 4 Mi]
  std::uint32_t max_profiles = 256;           ///< A further add_profile fails. [1, 65535]
  std::uint32_t max_items = 4096;             ///< Taken items; then take_item refuses. [1, 1 Mi]
  std::uint32_t max_explanations = 1024;      ///< Ring; oldest goes. [1, 1 Mi]
  std::array<ActionLimit, kActionTypes> actions{};
};

/// Why a movement was refused, or credit was given. One cache-friendly record.
struct Explanation {
  PlayerId player;
  std::int64_t received_us = 0;
  RefereeRule rule = RefereeRule::none;
  std::uint8_t declarations = 0;  ///< Bits: 1 teleport, 2 speed, 4 knock, 8 vehicle, 16 free.
  std::uint16_t claims = 0;       ///< By the client so far (saturates).
  std::uint16_t claims_corroborated = 0;
  bool undeclared_teleport_hint = false;
  float distance = 0;            ///< Units, horizontal (vertical for rise and airborne).
  float allowed = 0;             ///< Units: what was still open to this movement.
  std::uint32_t window_us = 0;   ///< Server time since the last movement judged.
  std::uint32_t claimed_us = 0;  ///< Client time since then.
  std::uint32_t granted_us = 0;
  std::uint32_t credit_us = 0;        ///< Granted beyond the server time that passed.
  std::uint32_t credit_limit_us = 0;  ///< A at that moment.
  std::uint32_t silence_us = 0;       ///< Evidence: silence seen by the server.
  std::uint32_t rtt_rise_us = 0;      ///< Evidence: round trip above its minimum.
  std::uint32_t overrun_us = 0;       ///< Evidence: the server's own tick was late.
  Vec3 from, to;
  float e_before = 1, e_after = 1;
  char sentence[144] = {};  ///< For a person; ends with NUL.
};
static_assert(sizeof(Explanation) <= 256);

/// What lag evidence is made of: what the *server* saw.
enum class LagCause : std::uint8_t { none = 0, silence = 1, rtt = 2, overrun = 3 };

/// Everything known about one player now.
struct PlayerStatus {
  PlayerState state = PlayerState::ok;
  float confidence = 0;
  float max_e = 1;  ///< Highest E of any channel so far.
  std::array<float, kChannels> e{};
  Vec3 position;
  std::uint32_t rejections = 0, order_events = 0, invalid_events = 0;
  std::uint32_t claims = 0, claims_corroborated = 0, claims_dropped = 0, gaps = 0;
  std::int64_t credit_us = 0;        ///< Open now: server time not yet granted.
  std::int64_t credit_limit_us = 0;  ///< A.
  std::int64_t lag_us = 0;           ///< Evidence now.
  std::int64_t credit_used_us = 0;   ///< Drawn so far while the server saw lag.
  std::int64_t clock_drift_us = 0;   ///< Lifetime sum of client time minus server time.
  /// Distance between block ends over full speed: last minute, last 10 minutes, session.
  float distance_ratio_1m = 0, distance_ratio_10m = 0, distance_ratio = 0;
  LagCause lag_cause = LagCause::none;  ///< Of `lag_us`.
};

}  // namespace gk
