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
  /// Signal and subject pairs that we measure; the newest is refused.
  /// Source: 4 signals of 64 games, and 256 latency targets.
  std::size_t max_measured = 512;
  /// Those that others claim: of a newer one's sake the longest silent loses that is no longer
  /// known; when all are known, the newest is refused. Source: as PerformanceSet.
  std::size_t max_claims = 192;
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

  /// As submit(), of a sender that is there but has no value to give: unknown, for `reason`. The
  /// next submit() makes it known again.
  Result<void> submit_unknown(std::string_view signal, std::string_view subject,
                              SampleSource source, std::string reason, MonoTime now, WallTime wall);

  /// The sender is gone: its value is unknown from now on, for `reason`. Makes no entry, and one
  /// that never had a value goes with its sender: who comes and goes fills no places.
  void end(std::string_view signal, std::string_view subject, SampleSource source,
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
    bool had_value = false;
    double value = 0;
    MonoTime at{};
    WallTime wall{};
    Nanos period{};
    std::string trouble = {};  // Why the value is unknown; empty: it holds.
  };
  using Key = std::pair<std::pair<std::string, SampleSource>, std::string>;

  static Signal signal_of(const Entry& entry);
  Result<Entry*> place(std::string_view signal, std::string_view subject, SampleSource source,
                       MonoTime now);
  Result<void> make_room(SampleSource source, MonoTime now);

  ExternalLimits limits_;
  std::map<Key, Entry> entries_;  // ((signal, source), subject): a claim never replaces a measure.
};

}  // namespace gk::monitor
