// replay.h: judges a trace file and prints one JSON object a session.

#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <ostream>
#include <span>
#include <string>

#include "gamekeeper/referee_types.h"
#include "gamekeeper/result.h"
#include "referee/offline/trace.h"

namespace gk::referee {

/// Which rules judge. The two smart sets are unsafe: see rules/smart.h.
enum class ReplayMode : std::uint8_t { bounded, shadow, smart_ts, smart_cs };

struct ReplayOptions {
  RefereeOptions referee;
  ReplayMode mode = ReplayMode::bounded;
  bool events = false;                          ///< Also a line per refused movement.
  bool keep_going = false;                      ///< After a malformed line, judge the rest.
  std::string name = "-";                       ///< Of the input, for messages.
  std::uint32_t max_sessions = 1 << 20;         ///< Open at once; a further one is an error.
  std::function<void(std::uint64_t)> progress;  ///< Bytes read so far; may be empty.
  /// Told of every judged movement; may be empty.
  std::function<void(const std::string& id, const TraceEvent& event, const Verdict& verdict)>
      judged;
};

/// What a replay did.
struct ReplayStats {
  std::uint64_t lines = 0, moves = 0, sessions = 0, errors = 0;
};

/// Replays `in` to `out`; complaints go to `error` as NAME:LINE: message.
/// Errors: invalid_argument (options). A malformed line is counted in `errors`, and ends the
///         replay unless keep_going; sessions that ended before it are printed.
Result<ReplayStats> replay(std::istream& in, std::ostream& out, std::ostream& error,
                           const ReplayOptions& options);

/// `replay FILE|- [--events] [--keep-going] [--mode M] [--set NAME=VALUE] [--progress]`.
/// Exit code: 0, 1 (a malformed line, or the file cannot be read), 2 (usage).
int replay_main(std::span<const std::string> arguments, std::istream& in, std::ostream& out,
                std::ostream& error);

}  // namespace gk::referee
