// console_log.h: what macros did, line by line, for people who follow them.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/time.h"

namespace gk::macros {

struct ConsoleLine {
  std::uint64_t number = 0;  ///< Counts per macro, from 1.
  WallTime at{};
  std::string text;
};

/// The last lines of each macro.
/// Thread:     compatible.
/// Invariants: at most kMaxBytes a macro, the oldest line goes; at most kMaxMacros macros, the one
///             that was silent for longest goes; a line is cut at kMaxLine.
class ConsoleLog {
 public:
  static constexpr std::size_t kMaxBytes = 64 * 1024;  // Source: contract of the library
  static constexpr std::size_t kMaxMacros = 256;       // Source: MacroService::kMaxMacros
  static constexpr std::size_t kMaxLine = 2 * 1024;    // Source: chosen

  /// Control characters become '?'. Returns the line as kept.
  const ConsoleLine& add(const std::string& macro_id, std::string_view text, WallTime now);
  /// Null: nothing was noted for it.
  const std::deque<ConsoleLine>* lines(std::string_view macro_id) const;
  void forget(std::string_view macro_id);
  /// Puts back lines of an earlier time; later ones count on from there. Requires: `lines` is not
  /// empty, its numbers rise, and nothing was noted for the macro yet.
  void restore(const std::string& macro_id, std::vector<ConsoleLine> lines);
  /// The macros whose log went as a whole since the last call.
  std::vector<std::string> take_dropped();

 private:
  struct Log {
    std::deque<ConsoleLine> lines;
    std::size_t bytes = 0;
    std::uint64_t last = 0;
  };
  Log& make_room(const std::string& macro_id);
  static void cut(Log& log);
  std::map<std::string, Log, std::less<>> logs_;
  std::set<std::string> dropped_;  // Until take_dropped().
};

}  // namespace gk::macros
