// baseline.h: what a player's line and machine are usually like, kept over sessions.
//
// A baseline makes the *accusation* fit the player: somebody whose wifi pauses three times a minute
// every evening is not sent to review for pausing three times a minute. It never widens what is
// accepted: nothing here reaches the referee's credit, pool or limits.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_writer.h"

namespace gk::referee {

/// Long-term averages of one player. Weighted by minutes played, at most kMemoryMinutes of them, so
/// that a new line replaces an old one.
struct PlayerBaseline {
  static constexpr double kMemoryMinutes = 600;  // Source: chosen; ten hours of play.

  std::uint64_t sessions = 0;
  double minutes = 0;          ///< Played in all.
  double gaps_per_minute = 0;  ///< Silences above 350 ms that the server saw.
  double rtt_ms = 0;           ///< 0: never measured.
  double interval_ms = 0;      ///< Between two movements.
  double nominal_ms = 0;       ///< What it should be.

  /// Adds a stretch of play.
  void learn(double played_minutes, double gaps, double rtt, double interval, double nominal);
  /// "keeps_up", "slow" or "poor", by interval over nominal; "unknown" before a minute of play.
  const char* machine() const;
  /// Whether so many silences a minute are more than this player's usual: twice as many and one
  /// more. Always true while less than kTrustMinutes are known.
  bool gaps_unusual(double gaps_per_minute_now) const;
  static constexpr double kTrustMinutes = 30;  // Source: chosen.

  friend bool operator==(const PlayerBaseline&, const PlayerBaseline&) = default;
};

void write_baseline(JsonWriter& json, const PlayerBaseline& baseline);

}  // namespace gk::referee
