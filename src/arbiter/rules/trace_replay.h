// trace_replay.h: does a recorded trace follow from its own inputs?
//
// Feeds the inputs of a trace (requests, releases, options, passing time) to a fresh Core and
// compares every record. `gamekeeper trace --replay` is this; so is the regression test of the
// rules: a change of a rule shows as the first record that differs.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "arbiter/rules/trace.h"
#include "gamekeeper/arbiter_types.h"

namespace gk::arbiter {

struct ReplayReport {
  std::size_t records = 0;     ///< Compared.
  std::uint64_t digest = 0;    ///< Core::digest() at the end.
  bool same = false;           ///< Every record came out again.
  std::size_t difference = 0;  ///< Index of the first that did not.
  std::string explanation;     ///< Expected and got, as text.
};

/// Replays a complete trace: its first record is `config`, nothing was overwritten.
/// Requires: `options` are those of the recorded arbiter.
/// Errors: invalid_argument (incomplete, or a record that no arbiter writes).
Result<ReplayReport> replay(std::span<const TraceRecord> trace, const ArbiterOptions& options);

}  // namespace gk::arbiter
