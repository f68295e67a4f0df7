// external.h: values that come from outside the sampler: a client's frame rate, a game link's
// round trip. Each has its own period, learned from its arrivals, and becomes stale by it.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gamekeeper/result.h"
#include "monitor/rules/snapshot.h"

namespace gk::monitor {

/// A signal that may be handed in.
struct ExternalSignal {
  std::string_view name;
  double min, max;  ///< Accepted values. Source: chosen; outside is a broken sender.
  bool higher_is_better;
  Signal Snapshot::* member;
};
/// The names that find_external() knows.
std::vector<std::string> external_names();
/// "fps", "tick_ratio", "latency" and "response_time"; null pointer for another name.
const ExternalSignal* find_external(std::string_view name);

/// Whether a subject may be named so: short, without control characters.
/// Errors: invalid_argument.
Result<void> check_subject(std::string_view subject, std::size_t max_bytes);

struct ExternalLimits {
  std::size_t max_entries = 256;  ///< Signal and subject pairs; the newest is refused.
  std::size_t max_subject_bytes = 128;
  Nanos first_period = Seconds(5);  ///< Until two arrivals tell. Source: chosen.
  Nanos min_period = Millis(100);   ///< Source: the sampler's own bounds.
  Nanos max_period = Seconds(60);
  Nanos forget_after = std::chrono::hours(1);  ///< Without a value.
};

/// Thread: compatible.
class ExternalSignals {
 public:
  explicit ExternalSignals(const ExternalLimits& limits = {}) : limits_(limits) {}

  /// Takes a value. `period`, when given, replaces the learned one.
  /// Errors: invalid_argument (unknown signal, value out of range, subject too long or with control
  ///         characters), resource_exhausted (too many subjects). None changes anything.
  Result<void> submit(std::string_view signal, std::string_view subject, double value,
                      SampleSource source, MonoTime now, WallTime wall,
                      std::optional<Nanos> period = {});

  /// From now on the value is unknown, for `reason`; only where there was one, or a reason, before
  /// or there is room. The next submit() makes it known again.
  void fail(std::string_view signal, std::string_view subject, SampleSource source,
            std::string reason, MonoTime now, WallTime wall);

  /// Writes all values into `out.external` and the chosen one of each signal into its own member:
  /// known before stale, measured before claimed, then the worst. Forgets old subjects.
  void fill(Snapshot& out, MonoTime now);

  /// Forgets all values of a subject. True: there were some.
  bool forget(std::string_view subject);

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    const ExternalSignal* kind = nullptr;
    double value = 0;
    MonoTime at{};
    WallTime wall{};
    Nanos period{};
    std::string trouble = {};  // Why the value is unknown; empty: it holds.
  };
  using Key = std::pair<std::pair<std::string, SampleSource>, std::string>;

  ExternalLimits limits_;
  std::map<Key, Entry> entries_;  // ((signal, source), subject): a claim never replaces a measure.
};

}  // namespace gk::monitor
