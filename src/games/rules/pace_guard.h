// pace_guard.h: how fast commands may go to a game that falls behind its clock.
//
// Additive increase, multiplicative decrease, as congestion control has it, with the game's tick
// ratio as the signal. So that the pace settles instead of swinging, it remembers where the game
// fell behind, stays well below that, and looks again ever more rarely. Without samples it does
// nothing. Design: docs/games.md, decisions/0032.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "gamekeeper/time.h"

namespace gk::games {

/// Source: chosen; decisions/0032 has the measurements.
struct PaceGuardLimits {
  double behind = 0.985;     ///< Below: the game is behind. A day of 2254 ms of OpenTTD's 2220.
  double on_time = 0.99;     ///< From here on it is on time; between the two nothing happens.
  double cut = 0.5;          ///< Of what was used when it fell behind.
  double step = 0.05;        ///< Of the configured pace, up, each decision on time.
  double ceiling = 0.8;      ///< Of the pace at which it fell behind, until the next look.
  double floor = 0.1;        ///< Of the configured pace; at least 1/s where that is faster.
  std::uint32_t streak = 3;  ///< Decisions on time in a row before the first step up.
  Nanos decide_every{Seconds(2)};  ///< At least; a sample that covers more makes it longer.
  Nanos look_again{Seconds(60)}, look_again_max{Seconds(960)};  ///< Doubles with each failed look.
  Nanos silent{Seconds(10)};  ///< No sample for so long: what is known is stale.
};

/// Thread:     compatible.
/// Invariants: floor_per_s() <= pace_per_s() <= configured; only a sample changes it.
class PaceGuard {
 public:
  /// Requires: configured_per_s > 0.
  explicit PaceGuard(double configured_per_s, const PaceGuardLimits& limits = {});

  /// A command was written.
  void sent() { ++sent_; }
  /// One known sample of the tick ratio, of the time until `now`; `covers`: how much of it.
  /// Returns whether the pace is another now.
  bool observe(double ratio, Nanos covers, MonoTime now);

  /// The game was not there: samples of before say nothing about the one that comes. The pace
  /// stays.
  void interrupt() { last_sample_.reset(); }

  double pace_per_s() const { return pace_; }
  double floor_per_s() const;
  bool lowered() const { return pace_ < configured_; }

 private:
  bool decide(double ratio, double used_per_s, MonoTime now);
  bool on_behind(double used_per_s, MonoTime now);
  bool on_time(MonoTime now);
  void begin(MonoTime now);

  double configured_;
  PaceGuardLimits limits_;
  double pace_;
  // The samples since the last decision.
  std::optional<MonoTime> began_, last_sample_;
  double sum_ = 0;
  std::uint32_t samples_ = 0;
  std::uint64_t sent_ = 0;
  std::uint32_t good_ = 0;         // Decisions on time in a row.
  std::optional<double> fell_at_;  // The pace at which the game fell behind.
  MonoTime cut_at_{}, full_at_{};
  Nanos wait_;            // From the last cut to the next look above the ceiling.
  bool looking_ = false;  // Above the ceiling, to see.
};

}  // namespace gk::games
