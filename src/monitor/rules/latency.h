// latency.h: turns rounds of three probes into a smoothed latency, a trend and the time of the next
// round. A lost probe is a loss, never a number. Sending probes is not here.

#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/ring.h"
#include "gamekeeper/time.h"
#include "monitor/rules/signal.h"

namespace gk::monitor {

enum class Trend : std::uint8_t { unknown, improving, stable, degrading };

/// "unknown", "improving", "stable" or "degrading".
std::string_view trend_name(Trend trend);

/// Round-trip times of one round; empty: that probe was lost.
using ProbeRound = std::array<std::optional<Nanos>, 3>;

/// Thread: compatible.
class LatencyEstimator {
 public:
  /// Takes a round that ended at `now`. The median of the answers counts (the mean of two, the one
  /// of one); a round without an answer changes the loss alone.
  void add(const ProbeRound& round, MonoTime now);

  /// Smoothed latency in ms; empty before the first answer.
  std::optional<double> smoothed_ms() const { return ema_ms_; }
  /// Newest half of the last 10 rounds against the older half; unknown below 4 answers.
  Trend trend() const;
  /// Lost probes / probes over the last 10 rounds; empty before the first round.
  std::optional<double> loss() const;
  /// How long to wait before the next round.
  Nanos next_probe_after() const;
  /// The smoothed latency as a signal whose period is the time between rounds. Unknown after a
  /// round that was lost completely.
  Signal signal(MonoTime now, WallTime wall) const;

 private:
  std::optional<double> ema_ms_;
  Ring<double> medians_{10};     // Source: monitor specification, Latency.
  Ring<std::uint8_t> lost_{10};  // Lost probes of each round, 0..3.
  MonoTime last_answer_{};
  bool last_round_lost_ = false;
};

}  // namespace gk::monitor
