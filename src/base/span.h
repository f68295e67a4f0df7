// span.h: times one step of work and says how long it took, in one log line at its end.

#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace gk {

inline void write_span(Log& log, std::string_view event, Nanos took, std::string_view outcome,
                       std::string_view correlation_id, std::string_view subject = {}) {
  log.debug(event, subject.empty() ? std::string_view("step ended") : subject,
            {{"duration_ms", std::chrono::duration<double, std::milli>(took).count()},
             {"outcome", outcome},
             {"correlation_id", correlation_id}});
}

/// From construction to destruction, which writes a debug line {event, duration_ms, outcome}:
/// "done", or what fail() said. Requests have their own line (api/router.cc: http.request).
/// Requires: log and clock outlive it; the event is a literal.
/// Thread: compatible.
class Span {
 public:
  /// `subject`: which of many, in place of the line's message.
  Span(Log& log, const Clock& clock, std::string_view event, std::string correlation_id = {},
       std::string subject = {})
      : log_(&log),
        clock_(&clock),
        event_(event),
        correlation_id_(std::move(correlation_id)),
        subject_(std::move(subject)),
        begin_(clock.mono()) {}
  ~Span() {
    write_span(*log_, event_, clock_->mono() - begin_, outcome_, correlation_id_, subject_);
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
  std::string subject_;
  MonoTime begin_;
  std::string outcome_ = "done";
};

/// The same for a step that ends in a callback: a value for it to hold. It refers to nothing, since
/// a callback that is dropped at the end of the process may outlive the log; a step that was
/// dropped writes no line.
class PendingSpan {
 public:
  PendingSpan(const Clock& clock, std::string_view event, std::string correlation_id = {})
      : event_(event), correlation_id_(std::move(correlation_id)), begin_(clock.mono()) {}

  void end(Log& log, const Clock& clock, std::string_view outcome = "done") const {
    write_span(log, event_, clock.mono() - begin_, outcome, correlation_id_);
  }
  /// Ends it with the error of `result`, if it has one.
  template <typename T>
  void end_with(Log& log, const Clock& clock, const Result<T>& result) const {
    end(log, clock, result ? "done" : std::string_view(result.error().message));
  }

 private:
  std::string_view event_;
  std::string correlation_id_;
  MonoTime begin_;
};

}  // namespace gk
