// notice.h: something that people shall learn, independent of who is told how.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::notices {

enum class Severity : std::uint8_t { info, warning, error, critical };
/// "info", "warning", "error" or "critical".
std::string_view severity_name(Severity severity);

struct NoticeField {
  std::string name, value;
};

/// Thread: compatible (a value).
struct Notice {
  std::string id;    ///< UUIDv7; a receiver that gets it twice knows it by this.
  std::string kind;  ///< "macro.cancelled", "macro.notify", "alert.firing", "test" …
  std::string title;
  std::string text;
  std::string subject;  ///< What it is about, e.g. a macro id.
  Severity severity = Severity::info;
  std::vector<NoticeField> fields;
  WallTime at{};
};

/// What is stored, and the `data` of the webhook's event.
std::string notice_json(const Notice& notice);
/// Reads notice_json() back. Errors: data_loss (not such a text).
Result<Notice> read_notice(std::string_view json);

/// A cancelled macro, as the macros' event says it. Absent metric: unknown.
struct Cancellation {
  std::string id, macro_id, macro_name, reason, rule;
  std::optional<std::string> session_id;
  std::optional<double> cpu_usage, memory_usage, fps, latency, response_time;
  WallTime at{};
};

/// Title "🚨 Macro Auto-Cancelled: NAME", the reason, and each metric.
/// Source: macros specification, Discord webhook.
Notice cancellation_notice(const Cancellation& event);

}  // namespace gk::notices
