// judge.h: the daemon's referee with names, history and counts around it.
//
// The library (gamekeeper/referee.h) judges numbers; this knows who they are: a bounded table of
// players by name, the ring of verdicts, each player's path and baseline, the smart modes. No
// thread, socket or clock inside: one thread owns it (ingest_thread.h), time is an argument.

#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "base/ring.h"
#include "gamekeeper/referee.h"
#include "referee/offline/smart_replay.h"
#include "referee/service/baseline_book.h"
#include "referee/service/frame.h"
#include "referee/service/judge_types.h"
#include "referee/service/recorder.h"
#include "referee/service/service_options.h"

namespace gk::referee {

struct JudgeOptions {
  std::uint32_t max_players = 4096;  ///< Longest idle loses, if idle for 30 s; else the newcomer.
  std::size_t max_verdicts = 2000;   ///< Ring; oldest loses. Source: chosen.
  /// Accepted movements kept in the ring, a second: a sample, so that refusals stay. Source:
  /// chosen.
  std::uint32_t accepted_per_second = 10;
};

/// Thread: compatible.
/// Invariants: no more players than max_players; a slot that was given to another player is never
///             reached through an old handle.
class Judge {
 public:
  /// Requires: metrics outlives this.
  Judge(const JudgeOptions& options, Metrics& metrics);

  /// Other rules from now on. Players stay with their positions; their credits start anew.
  /// Errors: invalid_argument (an option is out of range).
  Result<void> configure(const ServiceOptions& options, Now now);
  const ServiceOptions& options() const { return options_; }
  /// Of each channel, learnt from reviews.
  void set_honest_rates(const std::array<double, kChannels>& rates);
  BaselineBook& baselines() { return baselines_; }

  /// The player of that name; added when missing. A present player takes the profile. `at_us` is
  /// when it happened, on the time line of the player's movements.
  /// Errors: invalid_argument (profile), resource_exhausted (players, profiles).
  Result<Handle> join(std::string_view name, const MoveProfile& profile, std::optional<Vec3> spawn,
                      Now now, std::int64_t at_us);
  std::optional<Handle> find(std::string_view name) const;
  /// Whether the handle still means its player. Cheap: asked for every movement.
  bool alive(Handle handle) const {
    return (handle.generation & 1U) != 0 && handle.slot < hot_.size() &&
           hot_[handle.slot].generation == handle.generation;
  }
  PlayerId id_of(Handle handle) const { return hot_[handle.slot].id; }
  void prefetch(Handle handle) const {
    if (handle.slot < hot_.size()) __builtin_prefetch(&hot_[handle.slot], 1);
  }
  void leave(Handle handle, Now now);

  /// Judges `moves` in order; each is of the player of the slot beside it. Records, counts.
  /// Requires: the three spans are of one length; every handle is alive and its id is in the move.
  void judge(std::span<const Move> moves, std::span<const Handle> handles,
             std::span<Verdict> verdicts, Now now);
  /// The record of the movement judged last (for an answer with its explanation).
  VerdictRecord record_of(const Move& move, Handle handle, const Verdict& verdict, Now now) const;

  /// What the server did or measured, at `at_us` on the daemon's clock. join and leave are not
  /// here. Errors: invalid_argument, resource_exhausted (speed effects, profiles).
  Result<void> apply(Handle handle, const EventRecord& event, std::int64_t at_us);
  /// The server's own tick was late.
  void tick(std::uint32_t overrun_us, std::int64_t at_us);
  /// An operator decided: the suspicion is forgotten.
  void clear_suspicion(std::string_view name);
  /// Forgets everything about a player. False: nothing was known.
  bool erase(std::string_view name, Now now);

  /// Brings every baseline up to date, for the digest: before the end.
  void learn_all(Now now);
  /// Called now and then: drops players idle for ten minutes.
  void sweep(Now now);

  /// What happened since the last call.
  Digest take_digest();
  bool has_news() const { return news_.changed || !news_.cases.empty(); }

  const Ring<VerdictRecord>& verdicts() const { return ring_; }
  const JudgeStats& stats() const { return stats_; }
  std::vector<std::string> names() const;  ///< Sorted.
  /// Calls `each` with the worst `count` players, by evidence.
  void each_worst(std::size_t count, Now now,
                  const std::function<void(const PlayerView&)>& each) const;
  std::optional<PlayerView> view(std::string_view name, Now now) const;

  /// The daemon's clock for a time that a caller gave in its own (REST); anchored at the first.
  std::int64_t to_daemon_us(Handle handle, std::int64_t caller_us, std::int64_t now_us);

  Recorder& recorder() { return recorder_; }

 private:
  struct Player;
  struct HotSlot {
    PlayerId id;
    std::int64_t seen_us = 0;        // Daemon's clock.
    std::int64_t sample_due_us = 0;  // When the next point of the path is due.
    std::uint32_t generation = 0;    // Even: free.
    std::uint32_t moves = 0;         // Since the last sample.
    PlayerState state = PlayerState::ok;
    std::uint32_t batch = 0;  // The batch that had a movement of this player last.
  };
  struct Counters;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  Result<ProfileId> profile_id(const MoveProfile& profile);
  Result<std::uint32_t> free_slot(Now now);
  Result<void> seat(std::uint32_t slot, std::optional<Vec3> spawn, std::int64_t now_us);
  Verdict judge_smart(Player& player, const Move& move);
  void judge_batch(std::span<const Move> moves, std::span<const Handle> handles,
                   std::span<Verdict> verdicts, Now now);
  void note(const Move& move, Handle handle, const Verdict& verdict, Now now);
  void note_refusal(const Move& move, Handle handle, const Verdict& verdict, Now now);
  void note_accepted(const Move& move, Handle handle, const Verdict& verdict, Now now);
  void note_state(Handle handle, PlayerState state, Now now);
  void consider_review(Player& player, const PlayerStatus& status, Now now);
  void sample(Handle handle, const Move& move, Now now);
  void sample_clock(Player& player, const PlayerStatus& status, std::int64_t received_us);
  void learn(Player& player, Now now);
  void store(VerdictRecord record);
  PlayerView view_of(std::uint32_t slot, Now now) const;

  const JudgeOptions limits_;
  ServiceOptions options_;
  std::optional<Referee> referee_;
  std::array<double, kChannels> honest_rates_{};
  bool has_rates_ = false;
  std::vector<HotSlot> hot_;
  std::vector<std::unique_ptr<Player>> players_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> by_name_;
  BaselineBook baselines_;
  Ring<VerdictRecord> ring_;
  std::uint64_t last_verdict_ = 0;
  std::uint32_t batch_ = 0;
  std::int64_t accepted_second_us_ = 0;
  std::uint32_t accepted_in_second_ = 0;
  JudgeStats stats_;
  Digest news_;
  Recorder recorder_;
  std::unique_ptr<Counters> counters_;

 public:
  ~Judge();
};

}  // namespace gk::referee
