// referee.h: judges movement so that lag is forgiven and lies gain nothing.
//
// Time is the budget: a client may use the server time that passed, plus a small base credit,
// plus silence that the *server* saw. Nothing that a client claims enters the sum, so for every
// client and every window of length t
//     displacement <= v * (t * (1 + eps + leak) + (1 + eps) * max_credit + slack) + declared.
// No thread, clock or socket inside: times are arguments. The rule: docs/referee.md; a server in
// 60 lines: examples/referee_server.cc.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "gamekeeper/ids.h"
#include "gamekeeper/referee_types.h"
#include "gamekeeper/result.h"

namespace gk {

/// Judge of many players' movements.
///
/// Thread:     compatible; one instance a thread, players sharded by the caller.
/// Invariants: the theorem above; a refused movement changes neither position nor credit.
/// Cost:       move() is O(1) and allocates nothing; so does every other call on a player except
///             add_player(). Memory: 128 B a player in the hot table, see docs/referee.md.
class Referee {
 public:
  /// Errors: invalid_argument (an option is outside its range; the message names it).
  static Result<Referee> create(const RefereeOptions& options);
  Referee(Referee&&) noexcept;
  Referee& operator=(Referee&&) noexcept;
  ~Referee();

  /// Registers a way of moving; an equal profile gets the same id.
  /// Errors: invalid_argument (out of range), resource_exhausted (max_profiles).
  Result<ProfileId> add_profile(const MoveProfile& profile);

  /// A new player. Without `spawn` the first report is believed.
  /// Errors: not_found (profile), resource_exhausted (max_players), invalid_argument (spawn).
  Result<PlayerId> add_player(ProfileId profile, std::int64_t now_us,
                              std::optional<Vec3> spawn = std::nullopt);
  /// Errors: not_found.
  Result<void> remove_player(PlayerId player);

  /// Judges one movement. Never fails: bad input is an outcome.
  Verdict move(const Move& move);
  /// Judges `moves` in order; faster than a loop, because players' memory is fetched ahead.
  /// Requires: verdicts.size() >= moves.size() (assert).
  void move_batch(std::span<const Move> moves, std::span<Verdict> verdicts);

  /// What only the server knows. All are evidence for every later judgement.
  /// Errors of each call on a player, here and below: not_found.
  Result<void> rtt(PlayerId player, std::int64_t rtt_us, std::int64_t now_us);
  /// The server's own tick was late by `overrun_us`: lag evidence for everybody.
  void tick(std::int64_t overrun_us, std::int64_t now_us);

  /// What the client says about itself: annotates, softens or (when arrivals contradict it)
  /// slightly sharpens suspicion; never widens what is accepted. 8 kept, the oldest goes.
  Result<void> claim(PlayerId player, const Claim& claim, std::int64_t now_us);

  /// Declarations of the game, never of a client. Effects may reach the client late, so each is
  /// honoured for one round trip and the lag evidence longer; a slower speed starts that late.
  /// Errors besides not_found: invalid_argument (not finite, negative).
  Result<void> declare_teleport(PlayerId player, Vec3 target, std::int64_t now_us);
  /// Errors: resource_exhausted (4 run already).
  Result<void> declare_speed(PlayerId player, float factor, std::int64_t duration_us,
                             std::int64_t now_us);
  /// `deceleration` 0: 10 m/s².
  Result<void> declare_knockback(PlayerId player, Vec3 velocity, float deceleration,
                                 std::int64_t now_us);
  /// Enters or leaves a vehicle: other limits from now on.
  Result<void> declare_profile(PlayerId player, ProfileId profile, std::int64_t now_us);
  /// Noclip or spectator: nothing is checked while on.
  Result<void> declare_free(PlayerId player, bool on, std::int64_t now_us);
  /// Rooted or stunned: no movement for `duration_us`.
  Result<void> declare_frozen(PlayerId player, std::int64_t duration_us, std::int64_t now_us);

  /// Whether `attacker` could touch `target`: measured between the balls in which the two may
  /// have been half a round trip ago, not between points.
  Verdict check_reach(PlayerId attacker, PlayerId target, float reach, std::int64_t now_us);
  /// Whether `player` could touch a fixed point.
  Verdict check_point(PlayerId player, Vec3 point, float reach, std::int64_t now_us);
  /// Whether the action is within RefereeOptions::actions[type] (GCRA).
  Verdict check_action(PlayerId player, std::uint8_t type, std::int64_t now_us);
  /// Whether the item is still there, in reach and in its lane (|item.y - lane_y| <= half).
  Verdict take_item(PlayerId player, std::uint64_t item, Vec3 point, float reach, float lane_y,
                    float lane_half, std::int64_t now_us);
  /// Forgets which items were taken (a new round).
  void reset_items();
  /// The server's clock starts anew: forgets tick(). Players of the old clock must be gone.
  void restart_clock();

  /// The last refusal of `player` that the ring still holds, with a sentence for a person.
  /// Errors: not_found (player, or nothing kept).
  Result<Explanation> explain(PlayerId player) const;
  /// Errors: not_found.
  Result<PlayerStatus> status(PlayerId player, std::int64_t now_us) const;
  /// Ends the running block: call before the last status() of a session.
  Result<void> close(PlayerId player, std::int64_t now_us);
  /// An operator decided a review: forgets the suspicion. Does not touch position or credit.
  Result<void> clear_suspicion(PlayerId player);
  /// The honest block rate of a channel, learnt from reviews. Range [0.01, 0.12], clamped.
  void set_honest_rate(Channel channel, double rate);

  /// Bytes of one player: in the table that every movement reads, and besides.
  static std::size_t hot_bytes();
  static std::size_t cold_bytes();

 private:
  struct Impl;
  explicit Referee(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk
