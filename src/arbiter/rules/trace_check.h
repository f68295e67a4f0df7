// trace_check.h: proves the arbiter's rules on a recorded trace, with a model of its own.
//
// Shares no code with Core: it keeps who waits and who holds from the records alone and asks of
// each whether the rules allow it. `gamekeeper trace --check`, the thread tests and the property
// tests use it. Rule 2 is checked between tickets of one lane without nesting; nested ones and
// those of several lanes are checked for all other rules.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "arbiter/rules/trace.h"

namespace gk::arbiter {

struct TraceCheckOptions {
  /// How late the recorder may have looked at its clock; added to the waiting bound only.
  Nanos lateness{0};
  /// Most breaches to report. [1, 1000]
  std::size_t max_breaches = 20;
};

struct TraceReport {
  std::vector<std::string> breaches;  ///< Rule, record and reason, for people.
  std::size_t grants = 0;             ///< Checked, with uncontended ones.
  std::size_t order_checked = 0;      ///< Of these, those checked for rule 2.
  Nanos longest_wait{0};
};

/// Checks a trace from its `config` record on.
/// Errors: invalid_argument (the trace does not start with `config`: it was overwritten).
Result<TraceReport> check_trace(std::span<const TraceRecord> trace,
                                const TraceCheckOptions& options = {});

}  // namespace gk::arbiter
