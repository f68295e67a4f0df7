// latency_prober.h: measures the latency to a set of targets: rounds of three probes, the next
// round when the estimator says so. How a probe is sent is the caller's: a game link's ping, or a
// TCP connect as the fallback. A lost probe is a loss, never a number.

#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "gamekeeper/result.h"
#include "monitor/rules/latency.h"

namespace gk::monitor {

/// How long a TCP connect may take. Source: monitor specification, Latency.
constexpr Millis kProbeTimeout{1'500};

/// Thread: loop. Requires: outlives what it asked for, or is destroyed on the loop (late answers
/// are ignored).
class LatencyProber {
 public:
  /// Sends one probe; answers once with the round trip, or nothing when it was lost or took longer
  /// than kProbeTimeout. Perhaps before it returns.
  using Answer = std::function<void(std::optional<Nanos>)>;
  using Probe = std::function<void(Answer)>;
  /// Asks for tick() after a delay. A later call replaces an earlier one.
  using WakeAfter = std::function<void(Nanos)>;
  /// Told after each round: the smoothed latency, or unknown.
  using Measured = std::function<void(const std::string& target, const LatencyEstimator&)>;

  static constexpr std::size_t kMaxTargets = 256;  // Source: chosen; as watched subjects.

  LatencyProber(const Clock& clock, WakeAfter wake_after, Measured measured);
  ~LatencyProber();
  LatencyProber(const LatencyProber&) = delete;
  LatencyProber& operator=(const LatencyProber&) = delete;

  /// Begins to measure `target`; the first round starts at once. `fallback` (may be null) is used
  /// for a round whose first probe by `probe` was lost, as ICMP is where it needs a privilege.
  /// Errors: already_exists, resource_exhausted (too many).
  Result<void> add(const std::string& target, Probe probe, Probe fallback = nullptr);
  void remove(std::string_view target);
  /// Null pointer for an unknown target. Borrowed until the next call.
  const LatencyEstimator* find(std::string_view target) const;
  /// Starts the rounds that are due; see WakeAfter.
  void tick();

 private:
  struct Target;
  struct Link;
  void start_round(const std::string& name, Target& target);
  void send(const std::string& name, Target& target, std::size_t index, bool by_fallback);
  void take(const std::string& name, std::uint64_t round, std::size_t index, bool by_fallback,
            std::optional<Nanos> answer);
  void plan();

  const Clock& clock_;
  const WakeAfter wake_after_;
  const Measured measured_;
  std::map<std::string, std::unique_ptr<Target>, std::less<>> targets_;
  std::uint64_t rounds_ = 0;    // Of all targets: an answer of an older round is ignored.
  std::shared_ptr<Link> link_;  // Shared with probes that have not answered.
};

}  // namespace gk::monitor
