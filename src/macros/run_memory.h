// run_memory.h: what is remembered of runs of macros after their end: the output and the exit code
// of programs, and the level that the last start asked for. macro_store.h keeps it over a restart.
//
// Cancellations and their evidence are macro_store.h.

#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "macros/rules/safety_level.h"
#include "sys/process.h"

namespace gk::macros {

/// What a program printed last, and how it ended.
struct ProgramOutput {
  std::string macro_id;
  std::string text;                       ///< At most 64 KiB, see OutputTail.
  std::optional<sys::ExitStatus> status;  ///< Nothing: it runs, or was given up and acts still.
  std::optional<WallTime> ended_at;       ///< Nothing: it runs.
};

/// Source of the numbers: chosen.
struct RunMemoryLimits {
  std::size_t outputs = 64;   ///< Of 64 KiB each; the oldest loses.
  std::size_t levels = 1000;  ///< The one whose start is longest ago loses.
};

class MacroStore;

/// Thread:     loop.
/// Invariants: of each macro the last run only. What is not on disk when the daemon is killed (a
///             write is under way, or the disk fails) is lost; nothing waits for it.
class RunMemory {
 public:
  /// Requires: store and log outlive it.
  RunMemory(RunMemoryLimits limits, MacroStore& store, Log& log)
      : limits_(limits), store_(store), log_(log) {}

  /// Takes over what was stored. Shape: oldest first.
  void restore(std::vector<ProgramOutput> outputs,
               const std::vector<std::pair<std::string, SafetyLevel>>& levels);
  void keep(ProgramOutput output);
  /// The end of a program that was given up at `given_up_at` is known now. Nothing changes when
  /// another run of it has ended since.
  void ended(std::string_view macro_id, WallTime given_up_at, sys::ExitStatus status, WallTime now);
  /// Null: none is kept.
  const ProgramOutput* output(std::string_view macro_id) const;
  const RunMemoryLimits& limits() const { return limits_; }

  /// `level`: what the start asked for; nothing: it took the profile's.
  void started(const std::string& macro_id, std::optional<SafetyLevel> level);
  /// Nothing: the profile's, or no start is remembered.
  std::optional<SafetyLevel> level(std::string_view macro_id) const;

 private:
  std::function<void(Result<void>)> on_saved(const std::string& macro_id) const;
  void put(ProgramOutput output);
  void put(const std::string& macro_id, SafetyLevel level);

  const RunMemoryLimits limits_;
  MacroStore& store_;
  Log& log_;
  std::deque<ProgramOutput> outputs_;                         // Oldest first.
  std::deque<std::pair<std::string, SafetyLevel>> levels_{};  // The same.
};

}  // namespace gk::macros
