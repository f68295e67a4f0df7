// run_memory.h: what is remembered of runs of macros after their end: the output and the exit code
// of programs, and the level that the last start asked for. In memory: it ends with the daemon.
//
// Cancellations and their evidence are macro_store.h.

#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gamekeeper/time.h"
#include "macros/rules/safety_level.h"
#include "sys/process.h"

namespace gk::macros {

/// What a program printed last, and how it ended.
struct ProgramOutput {
  std::string macro_id;
  std::string text;                       ///< At most 64 KiB, see OutputTail.
  std::optional<sys::ExitStatus> status;  ///< Nothing: it runs, or was given up as still acting.
  std::optional<WallTime> ended_at;       ///< Nothing: it runs.
};

/// Source of the numbers: chosen.
struct RunMemoryLimits {
  std::size_t outputs = 64;   ///< Of 64 KiB each; the oldest loses.
  std::size_t levels = 1000;  ///< The one whose start is longest ago loses.
};

/// Thread:     compatible.
/// Invariants: of each macro the last run only.
class RunMemory {
 public:
  explicit RunMemory(RunMemoryLimits limits = {}) : limits_(limits) {}

  void keep(ProgramOutput output);
  /// Null: none is kept.
  const ProgramOutput* output(std::string_view macro_id) const;
  const RunMemoryLimits& limits() const { return limits_; }

  /// `level`: what the start asked for; nothing: it took the profile's.
  void started(const std::string& macro_id, std::optional<SafetyLevel> level);
  /// Nothing: the profile's, or no start is remembered.
  std::optional<SafetyLevel> level(std::string_view macro_id) const;

 private:
  const RunMemoryLimits limits_;
  std::deque<ProgramOutput> outputs_;                         // Oldest first.
  std::deque<std::pair<std::string, SafetyLevel>> levels_{};  // The same.
};

}  // namespace gk::macros
