// log_query.h: which lines of the log are wanted. A line is one JSON object as base/log.h writes
// it.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "gamekeeper/time.h"

namespace gk::logs {

/// "debug", "info", "warn", "error".
std::optional<LogLevel> level_of(std::string_view name);

/// Everything that is set must hold.
struct LogQuery {
  LogLevel level = LogLevel::debug;  ///< At least.
  std::string event;                 ///< This one, or, ending with "*", those that begin so.
  std::string correlation_id;
  std::string text;  ///< Anywhere in the line, upper and lower case alike (ASCII).
  std::optional<WallTime> since, until;

  /// Errors in the line (no JSON, no object) are no match: a file may end in half a line.
  bool wants(std::string_view line) const;
};

}  // namespace gk::logs
