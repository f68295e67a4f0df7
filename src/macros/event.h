// event.h: the record of one cancellation, and its JSON forms.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/json_writer.h"
#include "gamekeeper/time.h"
#include "monitor/rules/snapshot.h"

namespace gk::macros {

/// The five values at the decision; absent: unknown.
struct EventMetrics {
  std::optional<double> cpu_usage, memory_usage, fps, latency, response_time;
};

/// What is known of them in `snapshot` (may be null) at `now`.
EventMetrics metrics_of(const monitor::Snapshot* snapshot, MonoTime now);
void write_metrics(JsonWriter& w, const EventMetrics& metrics);

/// How it ended.
enum class Outcome : std::uint8_t {
  killed,        ///< Our process tree; gone and reaped.
  signalled,     ///< Its own process; it ended.
  notified,      ///< It gave no pid; it was told.
  still_acting,  ///< It was signalled and lives on.
  watched,       ///< Its profile only watches: nothing was done.
  dry_run,       ///< The daemon only tries its rules: nothing was done.
};
std::string_view outcome_name(Outcome outcome);
/// False: only recorded.
constexpr bool was_done(Outcome outcome) {
  return outcome != Outcome::watched && outcome != Outcome::dry_run;
}

/// Thread: compatible (a value).
struct CancellationEvent {
  std::string id;  ///< UUIDv7; also the id of its evidence.
  std::string macro_id;
  std::string macro_name;
  std::string reason;
  std::string rule;                   ///< trigger_name(), or "emergency_stop".
  std::optional<std::string> window;  ///< Of the profile, whose limits held.
  EventMetrics metrics;
  WallTime timestamp{};
  std::optional<std::string> session_id;
  bool discord_notify = true;  ///< The profile's switch; not stored.
  Outcome outcome = Outcome::killed;
  std::optional<double> decision_ms;  ///< Breach complete → decision.
  std::optional<double> gone_ms;      ///< Decision → process gone.
  std::string correlation_id;         ///< Of the request that started it; not stored.
};

std::string event_json(const CancellationEvent& event);
/// Reads event_json() back.
/// Errors: data_loss (not such a text).
Result<CancellationEvent> read_event(std::string_view json);

}  // namespace gk::macros
