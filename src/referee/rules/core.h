// core.h: the referee behind the public class, as a template over planted bugs (bugs.h).
//
// Here: the tables, one movement from arrival to verdict. core_calls.h holds the other calls.

#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "base/assert.h"
#include "gamekeeper/referee_types.h"
#include "gamekeeper/result.h"
#include "referee/rules/declared.h"
#include "referee/rules/evidence.h"
#include "referee/rules/item_table.h"
#include "referee/rules/state.h"
#include "referee/rules/time_credit.h"
#include "referee/rules/vertical.h"

namespace gk::referee {

/// Errors: invalid_argument (names the option and its range).
Result<void> check_options(const RefereeOptions& options);
Result<void> check_profile(const MoveProfile& profile);
Limits make_limits(const RefereeOptions& options);
ProfileLimits make_profile_limits(const MoveProfile& profile, const RefereeOptions& options);
/// Fills `sentence` from the other members.
void write_sentence(Explanation& why);

/// One movement under judgement.
struct Step {
  const Move& move;
  const ProfileLimits& limits;
  Effective now;
  std::int64_t elapsed_us = 0;  // dR
  std::int64_t claimed_us = 0;  // dC
  std::int64_t lag_us = 0;
  std::int64_t credit_us = 0;  // A
  Grant grant{};
  float distance_d = 0, allowed_d = 0;
  float pool_d = 0, carry_d = 0, knock_d = 0;  // Afterwards, if accepted.
};

/// See Referee. Thread: compatible.
template <class Bugs>
class Core {
 public:
  explicit Core(const RefereeOptions& options);

  Result<ProfileId> add_profile(const MoveProfile& profile);
  Result<PlayerId> add_player(ProfileId profile, std::int64_t now_us, std::optional<Vec3> spawn);
  Result<void> remove_player(PlayerId player);
  Verdict move(const Move& move) {
    Verdict verdict;
    move_into(move, verdict);
    return verdict;
  }
  /// Writes field by field into `out`: a Verdict built elsewhere and copied costs 10 ns, because
  /// the copy waits for its bytes (bench/referee_bench, 2026-11).
  void move_into(const Move& move, Verdict& out);
  void move_batch(std::span<const Move> moves, std::span<Verdict> verdicts);
  Result<void> rtt(PlayerId player, std::int64_t rtt_us, std::int64_t now_us);
  void tick(std::int64_t overrun_us, std::int64_t now_us);
  Result<void> claim(PlayerId player, const Claim& claim, std::int64_t now_us);
  Result<void> declare_teleport(PlayerId player, Vec3 target, std::int64_t now_us);
  Result<void> declare_speed(PlayerId player, float factor, std::int64_t duration_us,
                             std::int64_t now_us);
  Result<void> declare_knockback(PlayerId player, Vec3 velocity, float deceleration,
                                 std::int64_t now_us);
  Result<void> declare_profile(PlayerId player, ProfileId profile, std::int64_t now_us);
  Result<void> declare_free(PlayerId player, bool on, std::int64_t now_us);
  Verdict check_reach(PlayerId attacker, PlayerId target, float reach, std::int64_t now_us);
  Verdict check_point(PlayerId player, Vec3 point, float reach, std::int64_t now_us);
  Verdict check_action(PlayerId player, std::uint8_t type, std::int64_t now_us);
  Verdict take_item(PlayerId player, std::uint64_t item, Vec3 point, float reach, float lane_y,
                    float lane_half, std::int64_t now_us);
  void reset_items() { items_.clear(); }
  void restart_clock() { overrun_us_ = overrun_at_us_ = 0; }
  Result<Explanation> explain(PlayerId player) const;
  Result<PlayerStatus> status(PlayerId player, std::int64_t now_us) const;
  Result<void> close(PlayerId player, std::int64_t now_us);
  Result<void> clear_suspicion(PlayerId player);
  void set_honest_rate(Channel channel, double rate);

 private:
  Hot* find(PlayerId player);
  const Hot* find(PlayerId player) const { return const_cast<Core*>(this)->find(player); }
  std::size_t index_of(const Hot& hot) const {
    return static_cast<std::size_t>(&hot - hot_.data());
  }
  Cold& cold_of(const Hot& hot) { return cold_[index_of(hot)]; }
  const Cold& cold_of(const Hot& hot) const { return cold_[index_of(hot)]; }
  PlayerId id_of(const Hot& hot) const {
    return PlayerId{(static_cast<std::uint64_t>(hot.generation) << 32U) | (index_of(hot) + 1)};
  }

  // Inlined by force where the path of an ordinary movement needs it (bench/referee_bench).
  [[gnu::always_inline]] inline void answer(const Hot& hot, MoveOutcome outcome,
                                            Verdict& out) const;
  Verdict answer(const Hot& hot, MoveOutcome outcome) const;
  [[gnu::noinline]] Verdict out_of_order(Hot& hot, const Move& move, MoveOutcome outcome);
  [[gnu::noinline]] Verdict place(Hot& hot, const Move& move);
  [[gnu::always_inline]] inline void accept(Hot& hot, const Step& step, Verdict& out);
  [[gnu::noinline]] Verdict accept_slowly(Hot& hot, const Step& step);
  [[gnu::noinline]] Verdict refuse(Hot& hot, const Step& step, RefereeRule rule);
  [[gnu::noinline]] Verdict slow_path(Hot& hot, Step& step, RefereeRule rule);
  [[gnu::always_inline]] inline RefereeRule judge(Hot& hot, Step& step);
  [[gnu::always_inline]] inline std::int64_t leak(const Hot& hot, const Step& step,
                                                  std::int64_t granted_us) const;
  [[gnu::always_inline]] inline RefereeRule judge_clocked(const Hot& hot, Step& step);
  RefereeRule judge_unclocked(const Hot& hot, Step& step);
  RefereeRule name_excess(const Step& step) const;
  void follow(Hot& hot, const Step& step, Vec3 position);
  void record(const Hot& hot, Cold& cold, const Step& step, RefereeRule rule);
  [[gnu::always_inline]] inline void account(Hot& hot, const Step& step);
  Verdict refuse_action(Hot& hot, RefereeRule rule, Channel channel);
  [[gnu::always_inline]] inline std::int64_t server_lag(std::int64_t now_us) const;
  std::int64_t lag_now(const Hot& hot, std::int64_t now_us) const;
  float reachable_d(const Hot& hot, std::int64_t now_us) const;

  RefereeOptions options_;
  Limits limits_;
  Bets bets_;
  std::vector<ProfileLimits> profiles_;
  std::vector<Hot> hot_;
  std::vector<Cold> cold_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t retired_ = 0;  // Slots whose generations are used up.
  std::vector<Explanation> ring_;
  std::uint64_t explanations_ = 0;  // Serial of the newest.
  std::int64_t overrun_us_ = 0, overrun_at_us_ = 0;
  ItemTable items_;
  std::array<float, 256> confidence_{};
};

/// Bounds of times, so that differences never overflow. Source: 2^60 µs = 36,000 years.
inline constexpr std::int64_t kTimeLimitUs = std::int64_t{1} << 60U;

/// Positions and velocities. Source: beyond it a float is coarser than 64 units.
inline constexpr float kFar = 1e9F;

/// Finite and within kFar: products of two such numbers are finite too. False for NaN.
inline bool in_world(Vec3 v) {
  return std::fabs(v.x) < kFar && std::fabs(v.y) < kFar && std::fabs(v.z) < kFar;
}

inline bool valid(const Move& move) {
  const auto in_time = [](std::int64_t t) { return t > -kTimeLimitUs && t < kTimeLimitUs; };
  return in_world(move.position) && in_time(move.received_us) &&
         (!move.has_clock || in_time(move.client_us));
}

}  // namespace gk::referee

#include "referee/rules/core_calls.h"
#include "referee/rules/core_move.h"
