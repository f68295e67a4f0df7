// time_credit.h: how much time a player may have used. The heart of the theorem.
//
// V (`granted_us`) is the server time that the player has used up. After every event
// R - max_credit <= V <= R, whatever the client says; so the time granted in any window is at
// most its length plus max_credit. Proof: docs/referee.md.

#pragma once

#include <algorithm>
#include <cstdint>

#include "referee/rules/bugs.h"
#include "referee/rules/state.h"

namespace gk::referee {

/// Below this the link counts as steady, and the base credit shrinks.
/// Source: bench/referee_score, 2026-11: wifi jitter stays above it, wired links below.
inline constexpr std::int64_t kSteadyLagUs = 60'000;

/// Options as the judging code reads them.
struct Limits {
  std::int64_t base_us, min_base_us, join_us, max_us, hold_us, block_us;
  std::int64_t min_loose_us, loose_ppm;  // U = min_loose + (J - min_base) * loose_ppm.
  std::int64_t leak_ppm, decay_ppm;      // Parts per million: integer arithmetic on microseconds.
  float tolerance;                       // 1 + eps
  bool shadow;
};

/// Evidence `elapsed_us` after it was updated.
inline std::int64_t decayed_lag(std::int64_t lag_us, std::int64_t hold_us, std::int64_t elapsed_us,
                                const Limits& limits) {
  const std::int64_t over = elapsed_us - hold_us;
  if (over <= 0 || lag_us == 0) return lag_us;
  // A day is long enough for any decay that is one, and keeps the product in range.
  const std::int64_t decaying = std::min<std::int64_t>(over, 100'000'000'000);
  return std::max<std::int64_t>(0, lag_us - decaying * limits.decay_ppm / 1'000'000);
}

/// Silences at least this much longer than the interval add up: lost packets wait for each other.
/// Source: bench/referee_score, 2026-11; below it, ticks and frames would add up too.
inline constexpr std::int64_t kStallUs = 150'000;

/// Brings the evidence forward by `elapsed_us`, then takes `seen_us` if it is larger.
inline void note_lag(Hot& hot, std::int64_t seen_us, Cause cause, std::int64_t elapsed_us,
                     const Limits& limits) {
  std::int64_t lag = decayed_lag(hot.lag_us, hot.hold_us, elapsed_us, limits);
  std::int64_t hold = std::max<std::int64_t>(0, hot.hold_us - elapsed_us);
  if (cause == Cause::silence && seen_us >= kStallUs) seen_us += lag;
  if (seen_us > lag) {
    lag = std::min(seen_us, limits.max_us);
    hold = limits.hold_us;
    hot.flags = static_cast<std::uint16_t>((hot.flags & ~kCauseMask) |
                                           (static_cast<unsigned>(cause) << kCauseShift));
  }
  hot.lag_us = static_cast<std::uint32_t>(lag);
  hot.hold_us = static_cast<std::int32_t>(hold);
}

/// J: starts at the join credit and falls to base_credit at rate rho. Then it shrinks on a steady
/// link (0.02 s a second) and grows back when it is not (0.05 s a second), but only for players
/// with a clock: without one there is no slack to help.
/// Source: bench/referee_score, 2026-11 (docs/referee.md, "Base credit").
inline void adapt_base(Hot& hot, std::int64_t lag_us, std::int64_t elapsed_us, bool has_clock,
                       const Limits& limits) {
  const std::int64_t step = std::min<std::int64_t>(elapsed_us, 20'000'000);
  std::int64_t base = hot.base_us;
  if (base > limits.base_us) {
    base = std::max(limits.base_us, base - step * limits.leak_ppm / 1'000'000);
  } else if (has_clock) {
    base = lag_us < kSteadyLagUs ? base - step / 50 : base + step / 20;
    base = std::clamp(base, limits.min_base_us, limits.base_us);
  }
  hot.base_us = static_cast<std::uint32_t>(base);
}

/// U: how far V may stay behind R - A while it leaks. Small on a steady link, so that a client
/// with a slow clock cannot save up a burst there.
inline std::int64_t loose_credit(const Hot& hot, const Limits& limits) {
  const std::int64_t above =
      std::min<std::int64_t>(hot.base_us, limits.base_us) - limits.min_base_us;
  return limits.min_loose_us + above * limits.loose_ppm / 1'000'000;
}

/// A = min(Bcap, J + lag): how far V may stay behind R without leaking.
inline std::int64_t credit_limit(const Hot& hot, std::int64_t lag_us, const Limits& limits) {
  return std::min(limits.max_us, static_cast<std::int64_t>(hot.base_us) + lag_us);
}

/// Pulls V up to R - A at rate rho, and to R - min(Bcap, A + U) at once. Applied after the grant:
/// before it, R - V holds the whole interval since the last movement.
template <class Bugs>
[[gnu::always_inline]] inline std::int64_t leaked_grant(std::int64_t granted_us,
                                                        std::int64_t now_us, std::int64_t credit_us,
                                                        std::int64_t loose_us,
                                                        std::int64_t elapsed_us,
                                                        const Limits& limits) {
  if (Bugs::credit_never_leaks || granted_us >= now_us - credit_us) return granted_us;
  const std::int64_t step = std::min<std::int64_t>(elapsed_us, 100'000'000'000);
  const std::int64_t leaked = granted_us + step * limits.leak_ppm / 1'000'000;
  const std::int64_t furthest = std::min(limits.max_us, credit_us + loose_us);
  return std::max(now_us - furthest, std::min(now_us - credit_us, leaked));
}

/// What one movement was granted.
struct Grant {
  std::int64_t granted_us = 0;     // g
  std::int64_t stolen_us = 0;      // dC - g
  std::int64_t total_us = kNever;  // V afterwards
};

/// g = min(dC, max(0, R - V)), with V no earlier than R - Bcap.
template <class Bugs>
Grant grant(std::int64_t total_us, std::int64_t client_us, std::int64_t now_us,
            const Limits& limits) {
  if (!Bugs::credit_never_leaks) total_us = std::max(total_us, now_us - limits.max_us);
  const std::int64_t open = std::max<std::int64_t>(0, now_us - total_us);
  const std::int64_t given = Bugs::clock_believed ? client_us : std::min(client_us, open);
  return {given, client_us - given, total_us + given};
}

}  // namespace gk::referee
