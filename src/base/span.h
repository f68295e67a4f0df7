// span.h: times one step of work and says how long it took, in one log line at its end.

#pragma once

#include <string>
#include <string_view>

#include "base/log.h"

namespace gk {

/// From construction to destruction, which writes a debug line {event, duration_ms, outcome}:
/// "done", or what fail() said. Requests have their own line (api/router.cc: http.request).
/// Requires: log and clock outlive it; the event is a literal.
/// Thread: compatible.
class Span {
 public:
  Span(Log& log, const Clock& clock, std::string_view event, std::string correlation_id = {})
      : log_(&log),
        clock_(&clock),
        event_(event),
        correlation_id_(std::move(correlation_id)),
        begin_(clock.mono()) {}
  ~Span() {
    const Nanos took = clock_->mono() - begin_;
    log_->debug(event_, "step ended",
                {{"duration_ms", std::chrono::duration<double, std::milli>(took).count()},
                 {"outcome", outcome_},
                 {"correlation_id", correlation_id_}});
  }
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  void fail(std::string_view message) { outcome_ = message; }
  /// Hands `result` on, and notes its error.
  template <typename T>
  Result<T> note(Result<T> result) {
    if (!result) fail(result.error().message);
    return result;
  }

 private:
  Log* log_;
  const Clock* clock_;
  std::string_view event_;
  std::string correlation_id_;
  MonoTime begin_;
  std::string outcome_ = "done";
};

}  // namespace gk
