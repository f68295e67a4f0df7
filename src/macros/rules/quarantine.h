// quarantine.h: when a macro that was cancelled automatically may start again.
//
// A circuit breaker a macro: each cancellation doubles the back-off; the first start after it is a
// trial; a trial that ends well closes the breaker. After the third cancellation in a row time
// does not help: an admin must confirm. Keeping it over a restart is the store's work.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gamekeeper/time.h"

namespace gk::macros {

/// Source: macros specification (doubling, trial, the third); the times are chosen.
struct QuarantineSettings {
  Nanos first{Seconds(10)};      ///< Back-off after the first cancellation; 0: no quarantine.
  Nanos longest{Seconds(3600)};  ///< Most of a back-off.
  std::uint32_t confirm_after = 3;
  Nanos trial{Seconds(60)};         ///< A trial that is stopped before has proved nothing.
  std::size_t max_entries = 1'000;  ///< The one that may start soonest loses.
};

/// What is known of one macro.
struct QuarantineEntry {
  std::string macro_id;
  std::uint32_t strikes = 0;  ///< Cancellations in a row.
  WallTime until{};           ///< May start as a trial from then on.
  bool needs_confirmation = false;
  std::string reason;  ///< Of the last cancellation.

  friend bool operator==(const QuarantineEntry&, const QuarantineEntry&) = default;
};

/// All macros in quarantine.
/// Thread: compatible.  Times are wall time, because they outlive the daemon; a clock that jumped
/// back cannot hold a macro longer than `longest`.
class Quarantine {
 public:
  using Entries = std::map<std::string, QuarantineEntry, std::less<>>;
  explicit Quarantine(const QuarantineSettings& settings) : settings_(settings) {}

  void restore(QuarantineEntry entry);
  /// Why `macro_id` may not start at `now`; null: it may.
  const QuarantineEntry* blocked(std::string_view macro_id, WallTime now) const;
  /// It was cancelled automatically. Returns its entry; null: there is no quarantine.
  const QuarantineEntry* cancelled(std::string_view macro_id, std::string reason, WallTime now);
  /// It ended otherwise after `ran`: `by_itself`, or because somebody stopped it. True: the breaker
  /// is closed, and the entry gone.
  bool ended(std::string_view macro_id, bool by_itself, Nanos ran);
  /// An admin lets it start. False: it was not in quarantine.
  bool lift(std::string_view macro_id);
  const Entries& entries() const { return entries_; }
  const QuarantineSettings& settings() const { return settings_; }

 private:
  void make_room();

  QuarantineSettings settings_;
  Entries entries_;
};

/// "cancelled 2 times in a row (…); it may start again after …, or when an admin lifts …".
std::string quarantine_text(const QuarantineEntry& entry);

}  // namespace gk::macros
